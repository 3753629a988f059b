/**
 * Purpose: count refused requests by address, so that a flood of wrong keys is turned away before anything is computed for it.
 * Invariants: a fixed window for all, so that it costs one map and no timer; memory is bounded whatever sends.
 * Fails: never.
 */
import type { Clock } from '../../runtime/clock.ts';

const WINDOW_MS = 60_000;
const MOST_ADDRESSES = 50_000;

export interface Refusals {
  /** Seconds until this address is listened to again; 0 where it is. */
  waitOf(address: string): number;
  note(address: string): void;
}

/** @param most refusals of one address in a minute */
export function createRefusals(clock: Clock, most: number): Refusals {
  const counts = new Map<string, number>();
  let since = clock.elapsedMs();
  const turn = (): number => {
    const age = clock.elapsedMs() - since;
    if (age < WINDOW_MS) return WINDOW_MS - age;
    counts.clear();
    since = clock.elapsedMs();
    return WINDOW_MS;
  };
  return {
    waitOf(address) {
      const left = turn();
      return (counts.get(address) ?? 0) < most ? 0 : Math.max(1, Math.ceil(left / 1000));
    },
    note(address) {
      turn();
      if (counts.size >= MOST_ADDRESSES) counts.clear();
      counts.set(address, (counts.get(address) ?? 0) + 1);
    },
  };
}
