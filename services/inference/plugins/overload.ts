/**
 * Purpose: refuse requests while the event loop is too busy: its mean delay over the last second is
 * above a limit. Register it in the scope of the routes that compute, so that health and metrics
 * stay readable.
 * Invariants: the check opens no file, so it also works without a free file descriptor.
 * Fails: OVERLOADED, a 503 with Retry-After.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { repeat } from '../../../platform/timers.ts';
import { overloaded } from '../overloaded.ts';
import { appPlugin } from './app.ts';

const RESOLUTION_MS = 10;
const CHECK_INTERVAL_MS = 1000;

/** With 0 nothing is refused. */
export const overload = appPlugin(
  'overload',
  async (app, { maxEventLoopDelayMs }: { readonly maxEventLoopDelayMs: number }) => {
    if (maxEventLoopDelayMs === 0) return;
    const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    histogram.enable();
    let delayMs = 0;
    const check = () => {
      // Without a sample the loop was blocked all the time.
      delayMs = histogram.count === 0 ? Infinity : histogram.mean / 1e6 - RESOLUTION_MS;
      histogram.reset();
    };
    const stop = repeat(CHECK_INTERVAL_MS, check, () => {});
    app.addHook('onClose', async () => {
      await stop();
      histogram.disable();
    });
    app.addHook('onRequest', (_request, _reply, done) => {
      if (delayMs > maxEventLoopDelayMs) throw overloaded('the service is too busy');
      done();
    });
  },
);
