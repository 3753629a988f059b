/**
 * Purpose: the one scrubber of the page: the time that every view shows, before and after the
 * cutoff.
 * Invariants: a native range input lies over the drawing, so screen readers need nothing of ours;
 * the arrow keys move it from anywhere; the drawing is made once a forecast.
 * Fails: never; what served at a past time is left out where decisions cannot be read.
 */
import { useMemo, useRef } from 'preact/hooks';
import { localDays } from '../../platform/text/scales.ts';
import { sparkPath } from '../charts/spark.tsx';
import { indexAt } from '../data/forecast.ts';
import { loadDecisions, reigns, shortVersion, useRefreshed } from '../data/monitoring.ts';
import { type Timeline, usePage } from '../data/page-context.ts';
import { shownTime } from '../data/timeline.ts';
import { age } from '../parts/format.ts';
import { useKeys } from './use-keys.ts';

const DAY_MS = 86_400_000;
const [WIDTH, HEIGHT] = [1000, 40];
/** Room for a label such as "Sun 29 Nov", of the whole width. */
const LABEL = 0.1;
/** The same of a narrow strip (charts.css). */
const NARROW_LABEL = 0.27;

export function TimeStrip({ timeline }: { readonly timeline: Timeline }) {
  const { address, go, labels } = usePage();
  const { times, past, peak } = timeline;
  const index = indexAt(times, shownTime(address.at, timeline) as number);
  useTimeKeys(timeline, index);
  const decisions = useRefreshed('decisions', loadDecisions).value;
  const time = labels.full(times[index] as number);
  const note = noteOf(timeline, index);
  const end = (times[index] as number) + timeline.intervalMs;
  const reign = index < past && decisions && reigns(decisions).findLast(({ from }) => from < end);
  const served = reign ? `model ${shortVersion(reign.modelVersion)}` : '';
  const share = `${(100 * index) / Math.max(1, times.length - 1)}%`;
  return (
    <section class="time" aria-label="Time">
      <div>
        <p>
          <b>{time}</b>
          <span>{note}</span>
          {served && <span>{served} served</span>}
        </p>
        <div class="strip">
          <Drawing timeline={timeline} />
          <div class="knob" style={{ left: share }} />
          <input
            type="range"
            min={0}
            max={times.length - 1}
            value={index}
            aria-label="Time"
            aria-valuetext={`${time}, ${note}`}
            onInput={(event) => go({ at: times[Number(event.currentTarget.value)] as number })}
          />
        </div>
        <button
          type="button"
          class="button"
          disabled={index === peak}
          onClick={() => go({ at: times[peak] as number })}
        >
          Next peak
        </button>
      </div>
    </section>
  );
}

function useTimeKeys({ times, intervalMs }: Timeline, index: number): void {
  const { go } = usePage();
  // Keys may come faster than the page is drawn.
  const latest = useRef(index);
  latest.current = index;
  const move = (intervals: number) => {
    latest.current = Math.min(times.length - 1, Math.max(0, latest.current + intervals));
    go({ at: times[latest.current] as number });
  };
  const day = Math.max(1, Math.round(DAY_MS / intervalMs));
  useKeys({
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    PageUp: () => move(-day),
    PageDown: () => move(day),
  });
}

function Drawing({ timeline }: { readonly timeline: Timeline }) {
  const { about, labels } = usePage();
  const { timeZone } = about.domain;
  return useMemo(() => {
    const { times, past, values } = timeline;
    const last = Math.max(1, times.length - 1);
    const top = Math.max(0.1, ...values.filter(Number.isFinite));
    const size = { width: WIDTH, height: HEIGHT, top };
    const ahead = Math.max(0, past - 1);
    const days = localDays(times, timeZone).map((at) => ({ at, i: times.indexOf(at) }));
    const every = Math.ceil(days.length * LABEL);
    return (
      <>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path class="was" d={sparkPath(values.slice(0, past), size, 0, times.length)} />
          <path class="will" d={sparkPath(values.slice(ahead), size, ahead, times.length)} />
        </svg>
        {days.map(({ at, i }, n) =>
          i / last <= 1 - LABEL && n % every === 0 ? (
            <em
              key={at}
              class={i / last <= 1 - NARROW_LABEL ? '' : 'late'}
              style={{ left: `${(100 * i) / last}%` }}
            >
              {labels.day(at)}
            </em>
          ) : null,
        )}
      </>
    );
  }, [timeline, timeZone, labels]);
}

/** Counted from the last interval that is known. */
function noteOf({ times, past }: Timeline, index: number): string {
  const cutoff = times[past - 1];
  if (cutoff === undefined) return 'forecast';
  const seconds = ((times[index] as number) - cutoff) / 1000;
  if (seconds === 0) return 'the last known';
  return seconds > 0 ? `${age(seconds)} ahead` : `${age(-seconds)} before the last known`;
}
