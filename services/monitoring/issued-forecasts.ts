/**
 * Purpose: the forecasts of the ledger next to what happened, and next to the naive baselines with
 * the same knowledge: what live scores are computed from.
 * Invariants: a forecast counts once, with its first issue at a cutoff; a baseline reads the
 * snapshot that the forecast was made from; a value that the features do not know is taken from the
 * posted actuals; a target that neither knows stays unknown and is not scored.
 * Fails: as the store does.
 */
import type { BacktestResult } from '../../forecasting/evaluation/backtest.ts';
import { groupBy } from '../../forecasting/evaluation/group-by.ts';
import { naiveForecasters } from '../../forecasting/models/baselines/naive.ts';
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import { isClosedDay } from '../../forecasting/panel/closed-days.ts';
import { indexAt, type Panel } from '../../forecasting/panel/panel.ts';
import { isHeadwayError } from '../../platform/errors.ts';
import type { FeatureStore } from '../../storage/features/feature-store.ts';
import type { ActualsLog } from '../../storage/forecasts/actuals-log.ts';
import type { Ledger, LedgerIssue } from '../../storage/ledger/ledger.ts';
import type { ActualAt } from './scoring/score-day.ts';
import { truthOf } from './scoring/truth.ts';

export interface IssuedRequest {
  readonly features: Pick<FeatureStore, 'readAsOf'>;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly actuals: Pick<ActualsLog, 'entries'>;
  /** Whose values are the truth; default: the newest. */
  readonly snapshotVersion?: string | undefined;
  /** Issue times, [from, until) in epoch milliseconds. */
  readonly from?: number;
  readonly until?: number;
  readonly closedWeekdays?: readonly number[] | undefined;
  /** Intervals of the season that the baselines repeat. */
  readonly season: number;
}

/** The forecasts of one model version. */
export interface IssuedResult {
  readonly modelVersion: string;
  /** The truth; the result's cutoffs are its grid indices. */
  readonly panel: Panel;
  /** The model is named `network`, as in a backtest. */
  readonly result: BacktestResult;
  /** Forecast values whose actual is not known yet. */
  readonly pending: number;
  /** Forecast series that the truth does not have. */
  readonly unknownSeries: readonly string[];
}

/** What a batch issued of a model, to be served. */
type ModelIssue = LedgerIssue & { readonly modelVersion: string };

const isServed = <Issue extends LedgerIssue>(issue: Issue): issue is Issue & ModelIssue =>
  issue.role === 'serving' && issue.origin === 'batch' && issue.modelVersion !== null;

/** One for each model version of the ledger, the version of the first issue first. */
export async function issuedForecasts(request: IssuedRequest): Promise<IssuedResult[]> {
  const { features, ledger, snapshotVersion, from, until } = request;
  const entries = (await ledger.read({ from, until })).filter(isServed);
  if (entries.length === 0) return [];
  const panel = await features.readAsOf(snapshotVersion === undefined ? {} : { snapshotVersion });
  const { actualAt } = truthOf(panel, await request.actuals.entries());
  const known = knowledgeOf(features);
  const results: IssuedResult[] = [];
  for (const ofModel of groupBy(entries, ({ modelVersion }) => modelVersion).values())
    results.push(await resultOf(ofModel, panel, actualAt, known, request));
  return results;
}

type Knowledge = (entry: ModelIssue) => Promise<Panel>;

/** The panel that a forecast was made from; of a snapshot that was collected, what was known then. */
function knowledgeOf(features: IssuedRequest['features']): Knowledge {
  let last: { readonly version: string; readonly panel: Panel } | null = null;
  return async ({ snapshotVersion, issuedAt }) => {
    if (last?.version === snapshotVersion) return last.panel;
    const panel = await features.readAsOf({ snapshotVersion }).catch((error: unknown) => {
      if (isHeadwayError(error, 'SNAPSHOT_COLLECTED'))
        return features.readAsOf({ knownAt: issuedAt });
      throw error;
    });
    last = { version: snapshotVersion, panel };
    return panel;
  };
}

async function resultOf(
  entries: readonly ModelIssue[],
  panel: Panel,
  actualAt: ActualAt,
  known: Knowledge,
  { season, closedWeekdays }: IssuedRequest,
): Promise<IssuedResult> {
  const { modelVersion, quantiles } = entries[0] as ModelIssue;
  const horizon = Math.max(...entries.map((entry) => entry.horizon));
  const byCutoff = [...groupBy(entries, ({ cutoff }) => cutoff)].sort(([a], [b]) => a - b);
  const baselines = naiveForecasters(season, panel.frequencyMinutes);
  const rows = byCutoff.length * panel.seriesIds.length;
  const unknown = (width: number) => new Float32Array(rows * width).fill(Number.NaN);
  const actuals = unknown(horizon);
  const own = unknown(quantiles.length * horizon);
  const naive = baselines.map(() => unknown(horizon));
  const rowOf = rowsOf(panel);
  const unknownSeries = new Set<string>();
  let pending = 0;
  for (const [c, [cutoff, issues]] of byCutoff.entries()) {
    const done = new Set<number>();
    for (const entry of issues) {
      const then = await known(entry);
      const rowThen = rowsOf(then);
      const predicted = baselines.map((one) => baselineThen(one, then, cutoff, horizon));
      for (const [i, seriesId] of entry.seriesIds.entries()) {
        const row = rowOf.get(seriesId);
        if (row === undefined) unknownSeries.add(seriesId);
        if (row === undefined || done.has(row)) continue;
        done.add(row);
        const at = c * panel.seriesIds.length + row;
        copyForecast(entry, i, own, at * quantiles.length * horizon, horizon);
        const first = (rowThen.get(seriesId) ?? Number.NaN) * horizon;
        for (const [b, values] of naive.entries())
          for (let k = 0; k < horizon; k++)
            values[at * horizon + k] = predicted[b]?.[first + k] ?? Number.NaN;
        for (let k = 0; k < horizon; k++) {
          if (Number.isNaN(own[at * quantiles.length * horizon + k])) continue;
          const timestamp = cutoff + (k + 1) * panel.frequencyMinutes * 60_000;
          const actual = actualAt(seriesId, timestamp);
          if (Number.isNaN(actual) && !isClosedDay(timestamp, closedWeekdays)) pending++;
          actuals[at * horizon + k] = actual;
        }
      }
    }
  }
  const result = {
    seriesIds: panel.seriesIds,
    cutoffs: byCutoff.map(([cutoff]) => indexAt(panel, cutoff)),
    horizon,
    actuals,
    forecasts: [
      ...baselines.map(({ name }, b) => ({
        name,
        quantiles: [0.5],
        values: naive[b] as Float32Array,
      })),
      { name: 'network', quantiles, values: own },
    ],
  };
  return { modelVersion, panel, result, pending, unknownSeries: [...unknownSeries] };
}

const rowsOf = ({ seriesIds }: Panel): Map<string, number> =>
  new Map(seriesIds.map((id, row) => [id, row]));

/** What a baseline forecasts from what was known; nothing where the panel has no such cutoff. */
function baselineThen(
  baseline: Forecaster,
  panel: Panel,
  cutoff: number,
  horizon: number,
): Float32Array {
  const last = indexAt(panel, cutoff);
  if (!Number.isInteger(last) || last < 0 || last >= panel.length) return new Float32Array(0);
  return baseline.predict(panel, last, horizon);
}

/** The values of the entry's i-th series to `at`, in rows of `horizon` steps. */
function copyForecast(
  entry: ModelIssue,
  i: number,
  values: Float32Array,
  at: number,
  horizon: number,
): void {
  for (const q of entry.quantiles.keys())
    for (let k = 0; k < entry.horizon; k++)
      values[at + q * horizon + k] = entry.values[
        (i * entry.quantiles.length + q) * entry.horizon + k
      ] as number;
}
