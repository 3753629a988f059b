/**
 * Purpose: the request to stop: SIGINT, SIGTERM or SIGHUP, or the end of npm.
 * Invariants: the first signal is handled once; a second one ends the process at once. A process
 * that was asked to stop ends within its limit, whatever it waits for; its child processes end with
 * it. A signal to npm ends its shell, and not this process below it: a parent that is gone is such
 * a signal too.
 * Fails: after the limit, with exit status 1 and a line that names the limit.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * As process 1 of a container a program gets no signal's default action: it would run on, and be
 * killed when patience ends. What stops by itself is left to do so, at the first signal.
 */
export function endOnSignals(target: Pick<NodeJS.Process, 'exit'> & NodeJS.EventEmitter): void {
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const)
    target.on(name, () => {
      if (target.listenerCount(name) === 1) target.exit(128 + number);
    });
}

export interface StopSignal {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  readonly happened: Promise<void>;
  /** Stops listening. */
  forget(): void;
}

export interface StopLimit {
  readonly limitMs: number;
  /** How the limit is set, for the message. */
  readonly setting: string;
  /** npm started this process: it stops when its parent ends. */
  readonly isBelowNpm: boolean;
}

const PARENT_CHECK_MS = 500;

export function stopSignal({ limitMs, setting, isBelowNpm }: StopLimit): StopSignal {
  const controller = new AbortController();
  let limit: NodeJS.Timeout | undefined;
  const parent = process.ppid;
  const watch = isBelowNpm
    ? setInterval(() => process.ppid !== parent && stop(), PARENT_CHECK_MS).unref()
    : undefined;
  const removeHandlers = () => {
    clearInterval(watch);
    for (const name of SIGNALS) process.off(name, stop);
  };
  const forget = () => {
    removeHandlers();
    clearTimeout(limit);
  };
  const stop = () => {
    removeHandlers();
    limit = setTimeout(() => {
      process.stderr.write(`Stopping took longer than ${limitMs / 1000} s (${setting}); ending.\n`);
      process.exit(1);
    }, limitMs).unref();
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, stop);
  const happened = new Promise<void>((resolve) =>
    controller.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  return { signal: controller.signal, happened, forget };
}
