/**
 * Purpose: the only module of the page that reads the clock and waits, as platform/timers.ts is for
 * Node.
 * Invariants: a wait ends early when its signal aborts.
 * Fails: never.
 */
/** Between two tries of what failed. */
export const RETRY_MS = 5_000;

export const now = (): number => Date.now();

/** Resolves after `ms`, or as soon as the signal aborts. */
export const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted) done();
    else signal?.addEventListener('abort', done);
  });

/** Calls `run` every `ms`. @returns stops it */
export function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
}

/** A function whose last call of a burst runs, `ms` after it. */
export function settled(ms: number, run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, ms);
  };
}
