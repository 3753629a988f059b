/**
 * Purpose: says which readings of a training panel are treated as unknown, because nothing around
 * them explains them.
 * Invariants: one line, whatever their number; nothing where there are none.
 * Fails: never.
 */
import type { Domain } from '../../domains/domain.ts';
import { outliersOf } from '../../forecasting/panel/outliers.ts';
import { type Panel, targetOf, timestampAt } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';

const MAX_NAMED = 10;

export function logOutliers(panel: Panel, domain: Domain, logger: Logger): void {
  const seasons = seasonsOf(domain);
  const found = panel.seriesIds.flatMap((seriesId, series) => {
    const values = targetOf(panel, series);
    return outliersOf(values, panel, seasons).map((t) => ({
      ...{ seriesId, value: values[t] },
      timestamp: new Date(timestampAt(panel, t)).toISOString(),
    }));
  });
  if (found.length === 0) return;
  logger.warn(
    { count: found.length, readings: found.slice(-MAX_NAMED) },
    'values far from all around them are treated as unknown',
  );
}
