/**
 * Purpose: forecasts that a batch has made of the very model and snapshot that are to be served, so
 * that a service that starts need not compute them again: on Lambda that is most of what a start
 * can be spared.
 * Invariants: taken only where they are whole: of this model version, snapshot version and cutoff,
 * with the model's quantiles and horizon, for every series of the snapshot. They are judged like
 * any others, and carry the time at which they were issued. A series that the batch gave a
 * baseline's forecast has none of the model.
 * Fails: never; null where they are not that, and everything is computed.
 */
import type { Forecaster, Prediction } from '../../../forecasting/models/forecaster.ts';
import { fillMeans } from '../../../forecasting/models/mean.ts';
import { type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { ServedCard } from '../ports.ts';
import type { LoadedSnapshot } from './load-parts.ts';
import { isPerSeries } from './per-series-fallback.ts';

/**
 * Issues that are older than this are not looked for: whoever issues does so at least once a day.
 */
export const LATEST_ISSUE_MS = 25 * 60 * 60 * 1000;

export interface IssuedBefore {
  readonly issuedAt: number;
  /** Series whose forecast by the model lay beyond the bounds of their history. */
  readonly implausible: ReadonlySet<string>;
  /** Of the series of `block`. */
  of(block: Panel): Prediction;
}

/** All that two forecasts must agree on to be of one thing, but for their series. */
const about = (
  entry: Pick<
    LedgerIssue,
    'modelVersion' | 'snapshotVersion' | 'cutoff' | 'frequencyMinutes' | 'horizon' | 'quantiles'
  >,
): string =>
  JSON.stringify([
    entry.modelVersion,
    entry.snapshotVersion,
    entry.cutoff,
    entry.frequencyMinutes,
    entry.horizon,
    entry.quantiles,
  ]);

/** @param entries one issue: a batch, or its shards */
export function issuedBefore(
  entries: readonly LedgerIssue[],
  card: Pick<ServedCard, 'modelVersion' | 'horizon'>,
  forecaster: Pick<Forecaster, 'quantiles'>,
  { panel, cutoff, manifest }: Pick<LoadedSnapshot, 'panel' | 'cutoff' | 'manifest'>,
): IssuedBefore | null {
  const wanted = about({
    ...{
      modelVersion: card.modelVersion,
      snapshotVersion: manifest.snapshotVersion,
      cutoff: timestampAt(panel, cutoff),
    },
    ...{
      frequencyMinutes: panel.frequencyMinutes,
      horizon: card.horizon,
      quantiles: forecaster.quantiles,
    },
  });
  const rows = new Map<string, readonly [LedgerIssue, number]>();
  const replaced = new Map<string, string>();
  const { modelVersion } = card;
  for (const entry of entries) {
    const { fallback, seriesIds } = entry;
    if (about(entry) === wanted)
      for (const [row, id] of seriesIds.entries()) rows.set(id, [entry, row]);
    else if (isPerSeries(fallback) && about({ ...entry, modelVersion }) === wanted)
      for (const id of seriesIds) replaced.set(id, fallback);
  }
  const issuedAt = entries[0]?.issuedAt;
  const isIssued = (id: string) => rows.has(id) || replaced.has(id);
  if (issuedAt === undefined || rows.size === 0 || !panel.seriesIds.every(isIssued)) return null;
  const size = forecaster.quantiles.length * card.horizon;
  return {
    issuedAt,
    implausible: new Set(
      [...replaced].flatMap(([id, reason]) => (reason === 'FORECAST_OUT_OF_RANGE' ? [id] : [])),
    ),
    of({ seriesIds }) {
      const { horizon } = card;
      const values = new Float32Array(seriesIds.length * size).fill(Number.NaN);
      const mean = new Float32Array(seriesIds.length * horizon).fill(Number.NaN);
      for (const [series, id] of seriesIds.entries()) {
        const issued = rows.get(id);
        if (issued === undefined) continue;
        const [entry, row] = issued;
        for (let i = 0; i < size; i++)
          values[series * size + i] = entry.values[row * size + i] as number;
        for (let k = 0; k < horizon; k++)
          mean[series * horizon + k] = entry.mean?.[row * horizon + k] ?? Number.NaN;
      }
      // Batches of earlier versions stored none.
      fillMeans(mean, values, forecaster.quantiles, horizon);
      return { values, mean };
    },
  };
}
