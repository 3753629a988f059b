/**
 * Purpose: the dead-man's switch: it is wrong where no forecast, no data or no score came for too
 * long, whoever should have made it.
 * Invariants: what never came counts from when it was first waited for.
 * Fails: never.
 */
import type { Condition } from './conditions.ts';

export interface LastSeen {
  /** When the newest forecast was issued; null: never. */
  readonly forecastAt: number | null;
  /** The end of the last observed interval. */
  readonly dataAt: number | null;
  /** The end of the last interval that was scored. */
  readonly scoreAt: number | null;
}

export interface SilenceRequest extends LastSeen {
  readonly now: number;
  readonly frequencyMinutes: number;
  /** So many intervals may pass. */
  readonly intervals: number;
  /** Since when they are waited for: the first promotion, say. */
  readonly waitedSince: number;
}

const WORDS = {
  'no-forecast': 'No forecast was issued',
  'no-data': 'No data arrived',
  'no-score': 'No forecast was scored',
} as const;

export function silences(request: SilenceRequest): Condition[] {
  const { now, frequencyMinutes, intervals, waitedSince } = request;
  const seen = {
    'no-forecast': request.forecastAt,
    'no-data': request.dataAt,
    'no-score': request.scoreAt,
  };
  const limitMs = intervals * frequencyMinutes * 60_000;
  return Object.entries(seen).flatMap(([name, at]): Condition[] => {
    const since = at ?? waitedSince;
    if (now - since <= limitMs) return [];
    const words = WORDS[name as keyof typeof WORDS];
    const when = new Date(since).toISOString();
    const message =
      at === null
        ? `${words} yet, since ${when}.`
        : `${words} since ${when}: ${intervals} intervals are allowed.`;
    return [{ name, group: 'all', severity: 'page', since, message }];
  });
}
