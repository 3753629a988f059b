/**
 * Purpose: what happened, as far as it is known at a time: the features' value, else the one that
 * was posted last.
 * Invariants: a day's hash changes when and only when one of its actuals does.
 * Fails: never.
 */
import { indexAt, type Panel, targetOf } from '../../../forecasting/panel/panel.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import type { ActualsEntry } from '../../../storage/forecasts/actuals-log.ts';
import type { ActualAt } from './score-day.ts';

export interface Truth {
  readonly actualAt: ActualAt;
  /** Hash of all actuals of the targets in [from, until). */
  hash(from: number, until: number): string;
}

/** @param posts oldest first: a later post of the same interval replaces an earlier one */
export function truthOf(panel: Panel, posts: readonly ActualsEntry[]): Truth {
  const rows = new Map(panel.seriesIds.map((id, series) => [id, targetOf(panel, series)]));
  const posted = postedOf(posts);
  const actualAt = (seriesId: string, timestamp: number): number => {
    const value = rows.get(seriesId)?.[indexAt(panel, timestamp)] ?? Number.NaN;
    return Number.isNaN(value) ? (posted.get(seriesId)?.get(timestamp) ?? value) : value;
  };
  const ids = [...new Set([...panel.seriesIds, ...posted.keys()])].sort();
  const interval = panel.frequencyMinutes * 60_000;
  return {
    actualAt,
    hash(from, until) {
      const first = panel.start + Math.ceil((from - panel.start) / interval) * interval;
      const length = Math.max(0, Math.ceil((until - first) / interval));
      const values = new Float64Array(ids.length * length);
      for (const [s, id] of ids.entries())
        for (let k = 0; k < length; k++) {
          const value = actualAt(id, first + k * interval);
          // NaN has many bit patterns; a hash wants one.
          values[s * length + k] = Number.isNaN(value) ? Number.NaN : value;
        }
      return sha256(Buffer.concat([Buffer.from(ids.join('\n')), Buffer.from(values.buffer)]));
    },
  };
}

function postedOf(posts: readonly ActualsEntry[]): Map<string, Map<number, number>> {
  const posted = new Map<string, Map<number, number>>();
  for (const { frequencyMinutes, actuals } of posts) {
    for (const { seriesId, start, values } of actuals) {
      const ofSeries = posted.get(seriesId) ?? new Map<number, number>();
      posted.set(seriesId, ofSeries);
      for (const [i, value] of values.entries())
        ofSeries.set(start + i * frequencyMinutes * 60_000, value ?? Number.NaN);
    }
  }
  return posted;
}
