/**
 * Purpose: what monitoring saw last, as metrics for Prometheus: live skill and coverage, how long
 * ago it looked and scored, and open alerts.
 * Invariants: the store is asked once a minute at most, however often it is scraped, and a scrape
 * never waits for it longer than READ_MS; what is not known is not exported.
 * Fails: never; a store that is away leaves the last figures, whose age grows.
 */
import { Gauge, type Registry } from 'prom-client';
import { type Clock, stopwatch } from '../../../platform/clock.ts';
import { describeError } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import { withTimeout } from '../../../platform/timers.ts';
import type { LiveFigures } from '../../../storage/scores/figures-log.ts';
import type { FiguresSource } from '../ports.ts';

const KEPT_MS = 60_000;
const READ_MS = 2000;
/** The intervals that the figures are of. */
const LEVEL = 0.8;

export function addMonitoringGauges(
  registry: Registry,
  source: { readonly figures: FiguresSource; readonly clock: Clock; readonly logger: Logger },
): void {
  const { figures, clock, logger } = source;
  let known: LiveFigures | null = null;
  let readAge = () => Number.POSITIVE_INFINITY;
  let reading: Promise<void> = Promise.resolve();

  function refresh(): Promise<void> {
    if (readAge() < KEPT_MS) return reading;
    readAge = stopwatch(clock);
    reading = figures.head().then(
      (newest) => {
        known = newest;
      },
      (error: unknown) =>
        logger.debug(
          { err: error },
          `the figures of monitoring cannot be read: ${describeError(error)}`,
        ),
    );
    return reading;
  }

  const gauge = (name: string, help: string, read: (one: LiveFigures) => number | null) =>
    new Gauge({
      name: `headway_${name}`,
      help,
      registers: [registry],
      async collect() {
        await withTimeout(READ_MS, refresh());
        const value = known === null ? null : read(known);
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  const age = (time: number | null) =>
    time === null ? null : Math.max(0, Math.round((clock.now() - time) / 1000));
  gauge('live_skill', 'Live skill against the best naive baseline', ({ skill }) => skill);
  gauge('live_coverage_error', 'How far live coverage is off its 80 %', ({ coverage80 }) =>
    coverage80 === null ? null : Math.abs(coverage80 - LEVEL),
  );
  gauge('monitoring_age_seconds', 'Since the last check of monitoring', ({ at }) => age(at));
  gauge('scored_age_seconds', 'Since the end of the last scored interval', ({ scoredUntil }) =>
    age(scoredUntil),
  );
  gauge('open_alerts', 'Alerts of monitoring that are open', ({ openAlerts }) => openAlerts);
}
