/**
 * Purpose: the only place that asks what time it is. Everything else takes the time as an argument,
 * so runs replay exactly.
 * Invariants: milliseconds since 1970 in UTC.
 * Fails: never.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start that never goes back: for durations only. */
  elapsedMs(): number;
}

/** The clocks of machines that work together differ by no more. A time service keeps them closer. */
export const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
};

/** A clock that stands still at `now` until `advance` moves it. */
export function fixedClock(now: number): Clock & { advance(ms: number): void } {
  let current = now;
  return {
    now: () => current,
    elapsedMs: () => current - now,
    advance: (ms) => {
      current += ms;
    },
  };
}
