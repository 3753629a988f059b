/**
 * Purpose: the interval that a view shows, from the time in the address; the arrow keys move it.
 * Invariants: always one of `times`; a time outside of them is the nearest end.
 * Fails: never; without times it is -1.
 */
import { useRef } from 'preact/hooks';
import { indexAt, intervalMs } from '../data/forecast.ts';
import { usePage } from '../data/page-context.ts';
import { useKeys } from '../shell/use-keys.ts';

const DAY_MS = 86_400_000;

export interface Step {
  readonly index: number;
  /** Shows the interval that holds this time. */
  readonly moveTo: (time: number) => void;
}

/**
 * @param times ascending starts of intervals
 * @param preferred the index where the address names no time
 */
export function useStep(times: readonly number[], preferred: number): Step {
  const { about, address, go } = usePage();
  const index = address.at === null ? preferred : indexAt(times, address.at);
  // Keys may come faster than the page is drawn.
  const latest = useRef(index);
  latest.current = index;
  const move = (intervals: number) => {
    latest.current = Math.min(times.length - 1, Math.max(0, latest.current + intervals));
    if (times.length > 0) go({ at: times[latest.current] as number });
  };
  const day = Math.max(1, Math.round(DAY_MS / intervalMs(about.domain.frequency)));
  useKeys({
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    PageUp: () => move(-day),
    PageDown: () => move(day),
  });
  return {
    index,
    moveTo: (time) => go({ at: times[indexAt(times, time)] as number }),
  };
}
