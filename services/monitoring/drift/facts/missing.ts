/**
 * Purpose: series of which far more is unknown in the last day than in the weeks before.
 * Invariants: a day in which nothing is known of any series is `stale`, not `missing`; a series
 * that was unknown before is not missed.
 * Fails: never.
 */
import { type Finding, percent, seriesText } from '../verdict.ts';
import { timeAt, valueAt, type Window } from '../window.ts';

/** Share of the last day beyond the usual share, and intervals at least. */
const MORE_THAN_USUAL = 0.25;
const MIN_INTERVALS = 6;
const WEEKS = 4;

export function missing(window: Window): Finding[] {
  const { seriesIds, day, week, end } = window;
  const last = lastKnownOfAll(window);
  if (last < week) return [];
  const found: { id: string; since: number; share: number; usual: number }[] = [];
  const span = Math.max(day, MIN_INTERVALS);
  for (const [s, id] of seriesIds.entries()) {
    const recent = unknownIn(window, s, last + 1 - span, last + 1);
    if (recent < MIN_INTERVALS) continue;
    const first = Math.max(0, last + 1 - WEEKS * week - span);
    const usual = unknownIn(window, s, first, last + 1 - span) / (last + 1 - span - first);
    if (usual > 0.9 || recent / span < usual + MORE_THAN_USUAL) continue;
    let t = last + 1 - span;
    while (t < end && !Number.isNaN(valueAt(window, s, t))) t++;
    found.push({ id, since: timeAt(window, t), share: recent / span, usual });
  }
  if (found.length === 0) return [];
  const worst = found.reduce((a, b) => (b.share - b.usual > a.share - a.usual ? b : a));
  const ids = found.map(({ id }) => id);
  return [
    {
      name: 'missing',
      since: Math.min(...found.map(({ since }) => since)),
      seriesIds: ids,
      evidence: {
        statistic: 'share of the last day that is unknown',
        value: worst.share,
        limit: worst.usual + MORE_THAN_USUAL,
        expected: worst.usual,
        observed: worst.share,
      },
      message:
        `Of ${seriesText(ids, seriesIds.length)}, up to ${percent(worst.share)} of the last day ` +
        `is unknown; ${percent(worst.usual)} is usual.`,
    },
  ];
}

function lastKnownOfAll(window: Window): number {
  for (let t = window.end - 1; t >= 0; t--)
    for (let s = 0; s < window.seriesIds.length; s++)
      if (!Number.isNaN(valueAt(window, s, t))) return t;
  return -1;
}

function unknownIn(window: Window, s: number, first: number, end: number): number {
  let count = 0;
  for (let t = first; t < end; t++) if (Number.isNaN(valueAt(window, s, t))) count++;
  return count;
}
