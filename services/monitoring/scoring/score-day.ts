/**
 * Purpose: scores one target day: every forecast of the ledger for it against what happened, as
 * sums by forecaster over series, steps and target intervals.
 * Invariants: a forecast counts once, with its first issue at a cutoff; a forecaster is scored only
 * where it has a forecast and the actual is known; the same forecasts and actuals give the same
 * sums, bit for bit, in whatever order they come.
 * Fails: never; a forecast without a median is left out.
 */
import { expectedLossWeights } from '../../../forecasting/evaluation/expected-loss.ts';
import type {
  ScoreDimension,
  ScoreRow,
  ScoreSums,
} from '../../../forecasting/evaluation/live-scores.ts';
import { pinballLoss } from '../../../forecasting/evaluation/metrics.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';

/** NaN where it is not known. */
export type ActualAt = (seriesId: string, timestamp: number) => number;

export interface DayScores {
  readonly rows: readonly ScoreRow[];
  /** Forecast values of the day whose actual is not known yet. */
  readonly pending: number;
}

/** @param day target timestamps, [from, until) in epoch milliseconds */
export function scoreDay(
  issues: readonly LedgerIssue[],
  actualAt: ActualAt,
  day: { readonly from: number; readonly until: number },
): DayScores {
  const tables = new Map<string, Table>();
  let pending = 0;
  for (const issue of firstIssues(issues)) {
    const name = JSON.stringify([
      issue.role,
      issue.forecaster,
      issue.modelVersion,
      issue.quantiles,
    ]);
    const table = tables.get(name) ?? new Table(issue);
    tables.set(name, table);
    pending += table.add(issue, actualAt, day);
  }
  const names = [...tables.keys()].sort();
  return { rows: names.flatMap((name) => (tables.get(name) as Table).rows()), pending };
}

/**
 * Of each forecaster, cutoff, series and step the first issue; one that was made afterwards last.
 * Steps that an earlier issue has are NaN in a longer one.
 */
export function firstIssues(issues: readonly LedgerIssue[]): LedgerIssue[] {
  const isReplayed = ({ origin }: LedgerIssue) => Number(origin === 'replayed');
  const inOrder = [...issues].sort(
    (a, b) =>
      a.cutoff - b.cutoff ||
      isReplayed(a) - isReplayed(b) ||
      a.issuedAt - b.issuedAt ||
      a.origin.localeCompare(b.origin),
  );
  /** How many steps there are already. */
  const seen = new Map<string, number>();
  return inOrder.flatMap((issue): LedgerIssue[] => {
    const { forecaster, modelVersion, cutoff, role, quantiles, horizon } = issue;
    const name = `${role} ${forecaster} ${modelVersion} ${cutoff} `;
    const before = issue.seriesIds.map((id) => seen.get(name + id) ?? 0);
    const kept = [...before.keys()].filter((i) => (before[i] as number) < horizon);
    for (const i of kept) seen.set(name + issue.seriesIds[i], horizon);
    if (before.every((steps) => steps === 0)) return [issue];
    if (kept.length === 0) return [];
    const rows = (all: LedgerIssue['values'], width: number) =>
      kept.flatMap((i) =>
        Array.from(all.slice(i * width, (i + 1) * width), (value, at) =>
          at % horizon < (before[i] as number) ? Number.NaN : value,
        ),
      );
    return [
      {
        ...issue,
        seriesIds: kept.map((i) => issue.seriesIds[i] as string),
        values: rows(issue.values, quantiles.length * horizon),
        mean: issue.mean && rows(issue.mean, horizon),
      },
    ];
  });
}

const WIDTH = 7;

/** The sums of one forecaster. */
class Table {
  private readonly sums: Readonly<Record<ScoreDimension, Map<string, Float64Array>>> = {
    series: new Map(),
    step: new Map(),
    target: new Map(),
  };
  private readonly weights: readonly number[];
  private readonly isPoint: boolean;
  private readonly of: LedgerIssue;

  constructor(of: LedgerIssue) {
    this.of = of;
    this.isPoint = of.quantiles.length === 1;
    this.weights = expectedLossWeights(of.quantiles);
  }

  /** Returns how many values of the day have no actual yet. */
  add(
    issue: LedgerIssue,
    actualAt: ActualAt,
    { from, until }: { readonly from: number; readonly until: number },
  ): number {
    const { quantiles, horizon, seriesIds, cutoff, values } = issue;
    const median = quantiles.indexOf(0.5);
    if (median < 0) return 0;
    const interval = issue.frequencyMinutes * 60_000;
    const first = Math.max(0, Math.ceil((from - cutoff) / interval) - 1);
    const end = Math.min(horizon, Math.ceil((until - cutoff) / interval) - 1);
    const pair = new Float64Array(WIDTH);
    let pending = 0;
    for (let k = first; k < end; k++) {
      const timestamp = cutoff + (k + 1) * interval;
      const [ofStep, ofTarget] = [
        this.cell('step', String(k + 1)),
        this.cell('target', String(timestamp)),
      ];
      for (const [s, seriesId] of seriesIds.entries()) {
        const at = s * quantiles.length * horizon + k;
        if (Number.isNaN(values[at + median * horizon] as number)) continue;
        const actual = actualAt(seriesId, timestamp);
        if (Number.isNaN(actual)) {
          pending++;
          continue;
        }
        this.measure(pair, issue, at, actual);
        addTo(ofStep, pair);
        addTo(ofTarget, pair);
        addTo(this.cell('series', seriesId), pair);
      }
    }
    return pending;
  }

  rows(): ScoreRow[] {
    const { forecaster, modelVersion, role, quantiles } = this.of;
    const [low, high] = [quantiles[0] as number, quantiles.at(-1) as number];
    const nominal = this.isPoint ? Number.NaN : high - low;
    return (['series', 'step', 'target'] as const).flatMap((dimension) =>
      [...this.sums[dimension]]
        .filter(([, sums]) => sums[0] !== 0)
        .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
        .map(([key, sums]) => ({
          ...{ forecaster, modelVersion, role, nominal, dimension, key },
          ...namedSums(sums),
        })),
    );
  }

  private cell(dimension: ScoreDimension, key: string): Float64Array {
    const cells = this.sums[dimension];
    const cell = cells.get(key) ?? new Float64Array(WIDTH);
    cells.set(key, cell);
    return cell;
  }

  /** The figures of one forecast value and its actual. No closures: it runs for each value. */
  private measure(pair: Float64Array, issue: LedgerIssue, at: number, actual: number): void {
    const { quantiles, horizon, values } = issue;
    const error = (values[at + quantiles.indexOf(0.5) * horizon] as number) - actual;
    let [loss, expected] = [Number.NaN, Number.NaN];
    if (!this.isPoint) {
      loss = 0;
      expected = 0;
      for (let q = 0; q < quantiles.length; q++) {
        const value = values[at + q * horizon] as number;
        loss += pinballLoss(quantiles[q] as number, actual - value);
        expected += (this.weights[q] as number) * value;
      }
      loss /= quantiles.length;
    }
    const highest = values[at + (quantiles.length - 1) * horizon] as number;
    const isInside = actual >= (values[at] as number) && actual <= highest;
    pair[0] = 1;
    pair[1] = Math.abs(error);
    pair[2] = Math.abs(actual);
    pair[3] = error;
    pair[4] = loss;
    pair[5] = expected;
    pair[6] = this.isPoint ? Number.NaN : Number(isInside);
  }
}

function addTo(sums: Float64Array, pair: Float64Array): void {
  for (let i = 0; i < WIDTH; i++) sums[i] = (sums[i] as number) + (pair[i] as number);
}

const namedSums = (sums: Float64Array): ScoreSums => ({
  pairs: sums[0] as number,
  absoluteError: sums[1] as number,
  absoluteActual: sums[2] as number,
  error: sums[3] as number,
  pinball: sums[4] as number,
  expectedPinball: sums[5] as number,
  inside: sums[6] as number,
});
