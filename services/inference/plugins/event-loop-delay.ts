/**
 * Purpose: says when the event loop is too busy for more work: its mean delay over the last second
 * is above a limit.
 * Invariants: the look opens no file, so it also works where the process has no descriptor left.
 * Fails: never.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { repeat } from '../../../platform/timers.ts';

const RESOLUTION_MS = 10;
const LOOK_EVERY_MS = 1000;

export interface EventLoopWatch {
  isLate(): boolean;
  close(): Promise<void>;
}

export function watchEventLoop(maxDelayMs: number): EventLoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let delayMs = 0;
  const look = () => {
    // No sample: the loop was blocked all the time.
    delayMs = histogram.count === 0 ? Infinity : histogram.mean / 1e6 - RESOLUTION_MS;
    histogram.reset();
  };
  const stop = repeat(LOOK_EVERY_MS, look, () => {});
  return {
    isLate: () => delayMs > maxDelayMs,
    async close() {
      await stop();
      histogram.disable();
    },
  };
}
