/**
 * Purpose: choose the interval that a view shows, over the horizon.
 * Invariants: a native range input lies over the drawing, so keys and screen readers need nothing
 * of ours.
 * Fails: never.
 */
import { timeLabels } from '../../platform/text/scales.ts';
import { sparkPath } from '../charts/spark.tsx';

export interface TimeSliderProps {
  readonly times: readonly number[];
  /** Drawn behind the slider, one value a time. */
  readonly values: readonly number[];
  readonly index: number;
  readonly timeZone: string;
  /** "in 5 hours" */
  readonly note: string;
  readonly onTime: (time: number) => void;
}

const [WIDTH, HEIGHT] = [1000, 40];

export function TimeSlider({ times, values, index, timeZone, note, onTime }: TimeSliderProps) {
  const { full, hour } = timeLabels(timeZone);
  const share = (i: number) => `${(100 * i) / Math.max(1, times.length - 1)}%`;
  const time = full(times[index] as number);
  const every = Math.max(1, Math.ceil(times.length / 8));
  return (
    <section class="time" aria-label="Time">
      <p>
        <b>{time}</b>
        <span>{note}</span>
      </p>
      <div class="strip">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path class="will" d={sparkPath(values, { width: WIDTH, height: HEIGHT })} />
        </svg>
        {times.map((each, i) =>
          i % every === 0 ? (
            <em key={each} style={{ left: share(i) }}>
              {hour(each)}
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
