/**
 * Purpose: a feed that sends earlier values again: all series equal those of some intervals before,
 * one by one.
 * Invariants: looked for in the last day, at every distance up to a week; only what chance does not
 * explain counts, so that nights without events do not count as repetition.
 * Fails: never.
 */
import { type Finding, figure, timeText } from '../verdict.ts';
import { timeAt, valueAt, type Window } from '../window.ts';
import { rarity, runLimit } from './chance.ts';

const MIN_INTERVALS = 3;
const MIN_SERIES = 2;

interface Repetition {
  readonly first: number;
  readonly end: number;
  readonly back: number;
  readonly nats: number;
}

export function repeated(window: Window): Finding[] {
  if (window.seriesIds.length < MIN_SERIES) return [];
  const limit = runLimit(window) + Math.log(window.week);
  const from = Math.max(window.week, window.end - Math.max(window.day, 2 * MIN_INTERVALS));
  let found: Repetition | null = null;
  for (let back = 1; back <= window.week; back++) {
    const run = longestRun(window, back, from);
    if (run && run.nats > Math.max(limit, found?.nats ?? 0)) found = run;
  }
  if (!found) return [];
  const { nats, back, end } = found;
  let { first } = found;
  while (first > back && isEqual(window, first - 1, back)) first--;
  const since = timeAt(window, first);
  return [
    {
      name: 'repeated',
      since,
      seriesIds: window.seriesIds,
      evidence: {
        statistic: 'improbability of the repetition, nats',
        value: nats,
        limit,
        intervals: end - first,
        back,
      },
      message:
        `Since ${timeText(since)}, ${end - first} intervals of all ${window.seriesIds.length} ` +
        `series equal those ${figure((back * window.intervalMs) / 3_600_000)} h before.`,
    },
  ];
}

/** The most improbable stretch after `from` that equals what lies `back` intervals before. */
function longestRun(window: Window, back: number, from: number): Repetition | null {
  let best: Repetition | null = null;
  let first = -1;
  for (let t = from; t <= window.end; t++) {
    if (t < window.end && isEqual(window, t, back)) {
      if (first < 0) first = t;
      continue;
    }
    if (first >= 0 && t - first >= MIN_INTERVALS) {
      const nats = natsOf(window, first, t);
      if (nats > (best?.nats ?? 0)) best = { first, end: t, back, nats };
    }
    first = -1;
  }
  return best;
}

/** Whether all series agree, at least one of them known and not zero. */
function isEqual(window: Window, t: number, back: number): boolean {
  let isInformed = false;
  for (let s = 0; s < window.seriesIds.length; s++) {
    const [now, then] = [valueAt(window, s, t), valueAt(window, s, t - back)];
    if (!Object.is(now, then)) return false;
    if (now !== 0 && !Number.isNaN(now)) isInformed = true;
  }
  return isInformed;
}

function natsOf(window: Window, first: number, end: number): number {
  let nats = 0;
  for (let t = first; t < end; t++) {
    for (let s = 0; s < window.seriesIds.length; s++) {
      const value = valueAt(window, s, t);
      if (value !== 0 && !Number.isNaN(value)) nats += rarity(window, s, t, value);
    }
  }
  return nats;
}
