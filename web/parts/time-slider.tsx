/**
 * Purpose: choose the interval that a view shows, before and after the cutoff.
 * Invariants: a native range input lies over the drawing, so keys and screen readers need nothing
 * of ours.
 * Fails: never.
 */
import { useMemo } from 'preact/hooks';
import { localDays } from '../../platform/text/scales.ts';
import { sparkPath } from '../charts/spark.tsx';
import { usePage } from '../data/page-context.ts';
import { age } from './format.ts';

export interface TimeSliderProps {
  readonly times: readonly number[];
  /** Drawn behind the slider, one value a time. */
  readonly values: readonly number[];
  readonly index: number;
  /** How many of the times are past. */
  readonly past: number;
  readonly onTime: (time: number) => void;
}

const [WIDTH, HEIGHT] = [1000, 40];
/** Room for a label such as "Sun 29 Nov", of the whole width. */
const LABEL = 0.1;

export function TimeSlider({ times, values, index, past, onTime }: TimeSliderProps) {
  const { about, labels } = usePage();
  const { full, day } = labels;
  const { timeZone } = about.domain;
  const last = Math.max(1, times.length - 1);
  const share = (i: number) => `${(100 * i) / last}%`;
  const time = full(times[index] as number);
  const note = noteOf(times, index, past);
  const size = {
    width: WIDTH,
    height: HEIGHT,
    top: Math.max(0.1, ...values.filter(Number.isFinite)),
  };
  const ahead = Math.max(0, past - 1);
  const days = useMemo(
    () => localDays(times, timeZone).map((at) => ({ at, i: times.indexOf(at) })),
    [times, timeZone],
  );
  return (
    <section class="time" aria-label="Time">
      <p>
        <b>{time}</b>
        <span>{note}</span>
      </p>
      <div class="strip">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path class="was" d={sparkPath(values.slice(0, past), size, 0, times.length)} />
          <path class="will" d={sparkPath(values.slice(ahead), size, ahead, times.length)} />
        </svg>
        {days.map(({ at, i }) =>
          i / last <= 1 - LABEL ? (
            <em key={at} style={{ left: share(i) }}>
              {day(at)}
            </em>
          ) : null,
        )}
        <div class="knob" style={{ left: share(index) }} />
        <input
          type="range"
          min={0}
          max={times.length - 1}
          value={index}
          aria-label="Time"
          aria-valuetext={`${time}, ${note}`}
          onInput={(event) => onTime(times[Number(event.currentTarget.value)] as number)}
        />
      </div>
    </section>
  );
}

/** Counted from the last interval that is known. */
function noteOf(times: readonly number[], index: number, past: number): string {
  const cutoff = times[past - 1];
  if (cutoff === undefined) return 'forecast';
  const seconds = ((times[index] as number) - cutoff) / 1000;
  if (seconds === 0) return 'last known interval';
  return seconds > 0 ? `${age(seconds)} ahead` : `${age(-seconds)} before the last known`;
}
