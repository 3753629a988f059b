/**
 * Purpose: asks the store the same question at most once per `keepMs`, however many clients ask.
 * Invariants: a question that failed is asked again; at most `max` replies are in memory.
 * Fails: as the store does.
 */
import { LRUCache } from 'lru-cache';
import { type Clock, stopwatch } from '../../../platform/clock.ts';

export type CachedRead = <T>(key: string, read: () => Promise<T>) => Promise<T>;

export function cachedReads(clock: Clock, keepMs: number, max = 200): CachedRead {
  const kept = new LRUCache<string, { reading: Promise<unknown>; age: () => number }>({ max });
  return <T>(key: string, read: () => Promise<T>) => {
    const known = kept.get(key);
    if (known !== undefined && known.age() < keepMs) return known.reading as Promise<T>;
    const reading = read();
    const entry = { reading, age: stopwatch(clock) };
    kept.set(key, entry);
    reading.catch(() => kept.peek(key) === entry && kept.delete(key));
    return reading;
  };
}
