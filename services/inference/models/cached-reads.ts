/**
 * Purpose: asks the store the same question at most once per `keepMs`, however many clients ask.
 * Invariants: a question that failed is asked again; at most `max` replies are in memory.
 * Fails: as the store does.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../platform/clock.ts';

export type CachedRead = <T>(key: string, read: () => Promise<T>) => Promise<T>;

export function cachedReads(clock: Clock, keepMs: number, max = 200): CachedRead {
  const kept = new LRUCache<string, Promise<unknown>>({
    max,
    ttl: keepMs,
    ttlResolution: 0,
    perf: { now: () => clock.now() },
  });
  return <T>(key: string, read: () => Promise<T>) => {
    const known = kept.get(key);
    if (known !== undefined) return known as Promise<T>;
    const reading = read();
    kept.set(key, reading);
    reading.catch(() => kept.delete(key));
    return reading;
  };
}
