/**
 * Purpose: bounded caches of what depends on a grid or a calendar alone. Many requests send
 * histories of one grid, and holidays take milliseconds a year.
 * Invariants: the entry that was used longest ago is evicted first; cached values are never written
 * to, so that they give the same bits as new ones.
 * Fails: never; an error of `make` passes, and nothing is cached.
 */
import { LRUCache } from 'lru-cache';

/** Returns the cached value of a key, or makes and caches it. */
export type RecentCache<T> = (key: string, make: () => T) => T;

export function recentCache<T extends object>(max: number): RecentCache<T> {
  const cache = new LRUCache<string, T>({ max });
  return (key, make) => {
    const cached = cache.get(key);
    if (cached !== undefined) return cached;
    const value = make();
    cache.set(key, value);
    return value;
  };
}

/**
 * Holidays of a place and year, as local days since 1970: the one cache that the process shares.
 */
export const holidayYears = recentCache<readonly number[]>(512);
