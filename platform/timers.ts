/**
 * Purpose: pauses and polling. Code that waits takes these as arguments, so that a test can pass a
 * `sleep` that does not wait. Time limits and ticks of modules of `platform/` set their own timers.
 * Invariants: a pause ends early when its signal aborts; `repeat` never overlaps with itself and
 * never keeps a process alive.
 * Fails: `sleep` rejects with the signal's reason when aborted.
 */
import { setTimeout as pause } from 'node:timers/promises';

export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export const sleep: Sleep = async (ms, signal) => {
  await pause(ms, undefined, signal ? { signal } : {});
};

/**
 * Waits for `work`, but at most `ms`: true where it ended in time. The work continues in any case;
 * its errors are passed on.
 */
export async function withTimeout(ms: number, work: Promise<unknown>): Promise<boolean> {
  if (ms === Number.POSITIVE_INFINITY) return work.then(() => true);
  const ended = new AbortController();
  const late = sleep(ms, ended.signal).then(
    () => false,
    () => true,
  );
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    ended.abort();
  }
}

/** The milliseconds that are left of `ms`, counted from now; infinite for an infinite limit. */
export function countdown(ms: number): () => number {
  const started = performance.now();
  return () => Math.max(0, ms - (performance.now() - started));
}

/**
 * Calls `run` `ms` after the previous call has ended, the first time after `ms`. Errors go to
 * `onError`.
 * @returns stops it; resolves when a running call has ended
 */
export function repeat(
  ms: number,
  run: () => Promise<void> | void,
  onError: (error: unknown) => void,
): () => Promise<void> {
  const stopping = new AbortController();
  const loop = async () => {
    while (!stopping.signal.aborted) {
      try {
        await pause(ms, undefined, { signal: stopping.signal, ref: false });
      } catch {
        return;
      }
      try {
        await run();
      } catch (error) {
        onError(error);
      }
    }
  };
  const ended = loop();
  return () => {
    stopping.abort();
    return ended;
  };
}
