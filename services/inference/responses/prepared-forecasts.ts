/**
 * Purpose: cache the JSON text of stored forecasts, which is the same for every client until the
 * model, the snapshot or the label changes.
 * Invariants: a text belongs to exactly one Serving and is dropped with it; it is built on first
 * request, so a swap costs nothing; the cache is bounded.
 * Fails: as `storedResponse`; a failure is not cached.
 */
import { LRUCache } from 'lru-cache';
import type { Domain } from '../../../domains/domain.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import type { FallbackReason } from '../serving/fallback.ts';
import type { ServedForecasts } from '../serving/served-forecasts.ts';
import { type Asked, storedResponse } from './forecast-response.ts';

export interface PreparedForecast {
  /** JSON of `storedResponse`. */
  readonly text: string;
  readonly fallback: FallbackReason | null;
}

export type PreparedForecasts = (
  serving: Serving,
  seriesId: string,
  asked: Asked,
) => PreparedForecast;

/** Texts with a horizon, levels or history, in addition to one text per series: some megabytes. */
const MAX_VARIANTS = 4096;

/** @param served records each forecast that is built, because it is then sent */
export function prepareForecasts(
  domain: Domain,
  served: Pick<ServedForecasts, 'mark'>,
): PreparedForecasts {
  const caches = new WeakMap<Serving, LRUCache<string, PreparedForecast>>();
  const cacheOf = (serving: Serving) => {
    const known = caches.get(serving);
    if (known) return known;
    const max = serving.snapshot.sortedIds.length + MAX_VARIANTS;
    const cache = new LRUCache<string, PreparedForecast>({ max });
    caches.set(serving, cache);
    return cache;
  };
  return (serving, seriesId, asked) => {
    const cache = cacheOf(serving);
    const { horizon = '', levels, history = 0 } = asked;
    const key = `${horizon} ${levels?.join() ?? ''} ${history} ${seriesId}`;
    const cached = cache.get(key);
    if (cached) return cached;
    const response = storedResponse(serving, domain, seriesId, asked);
    const made = { text: JSON.stringify(response), fallback: response.fallback?.reason ?? null };
    cache.set(key, made);
    served.mark(serving, seriesId);
    return made;
  };
}

/** Several as the items of one JSON array. */
export const arrayOf = (prepared: readonly PreparedForecast[]): string =>
  `[${prepared.map(({ text }) => text).join(',')}]`;

export const JSON_TYPE = 'application/json; charset=utf-8';
