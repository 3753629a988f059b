/**
 * Purpose: what depends on a grid alone (the calendar, the lags of every interval) is made once for
 * the grids that are asked for again and again: histories that callers send hourly begin and end
 * alike.
 * Invariants: bounded: the table that was used longest ago goes first; what is kept is never
 * written to, so that a kept table gives the same bits as a new one.
 * Fails: never; an error of `make` passes, and nothing is kept of it.
 */
import type { Calendar } from './calendar.ts';
import type { Lags } from './week-tables.ts';

/** Grids that are kept: a few dozen kilobytes each. */
const MAX = 32;

export type Kept<T> = (key: string, make: () => T) => T;

export interface GridTables {
  readonly calendar: Kept<Calendar>;
  readonly lags: Kept<Lags>;
}

export const gridTables = (): GridTables => ({
  calendar: keepRecent(MAX),
  lags: keepRecent(MAX),
});

export function keepRecent<T>(most: number): Kept<T> {
  const kept = new Map<string, T>();
  return (key, make) => {
    const value = kept.get(key) ?? make();
    // A map remembers the order of insertion: put last, it is the last to go.
    kept.delete(key);
    kept.set(key, value);
    if (kept.size > most) kept.delete(kept.keys().next().value as string);
    return value;
  };
}
