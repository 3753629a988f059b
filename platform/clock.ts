/**
 * Purpose: the only place that reads the time. Everything else takes it as an argument, so runs
 * replay exactly.
 * Invariants: milliseconds since 1970 in UTC.
 * Fails: never.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since the epoch. */
  now(): number;
  /** Monotonic milliseconds from an arbitrary start: for durations only. */
  elapsedMs(): number;
}

/** The largest accepted difference between clocks of two machines. */
export const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
};

/** A clock that stays at `now` until `advance` is called. */
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

/**
 * How long ago it was called, in milliseconds, by the clock that went further: the monotonic one
 * may stand still while an instance is frozen or a machine sleeps, the other may be set back.
 */
export function stopwatch(clock: Clock): () => number {
  const [at, elapsedAt] = [clock.now(), clock.elapsedMs()];
  return () => Math.max(clock.now() - at, clock.elapsedMs() - elapsedAt);
}
