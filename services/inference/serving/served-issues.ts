/**
 * Purpose: what is served, in the form in which the ledger keeps it: one issue of the model, and
 * one of the baseline for each reason for which it stands in.
 * Invariants: every series is in exactly one of the issues, with the numbers it is served with.
 * Fails: never.
 */
import { groupBy } from '../../../forecasting/evaluation/group-by.ts';
import type { Prediction } from '../../../forecasting/models/forecaster.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { PerSeriesFallback } from './per-series-fallback.ts';

export type ServedIssue = LedgerIssue & Prediction;

export interface ServedIssuesRequest {
  /** All series, as if the model had forecast each of them. */
  readonly whole: ServedIssue;
  /** The name of the baseline, and the series that it forecasts in the place of the model. */
  readonly baseline: string;
  readonly replaced: PerSeriesFallback;
  /** The rows to keep. */
  readonly series: readonly number[];
}

export function servedIssues(request: ServedIssuesRequest): ServedIssue[] {
  const { whole, replaced, series } = request;
  const reasonOf = (row: number) => replaced.get(whole.seriesIds[row] as string)?.reason ?? null;
  return [...groupBy(series, reasonOf)].map(([reason, rows]) => issueOf(request, rows, reason));
}

function issueOf(
  { whole, baseline }: ServedIssuesRequest,
  rows: readonly number[],
  reason: string | null,
): ServedIssue {
  const { horizon, quantiles } = whole;
  const size = quantiles.length * horizon;
  const values = new Float32Array(rows.length * size);
  const mean = new Float32Array(rows.length * horizon);
  for (const [to, from] of rows.entries()) {
    values.set(whole.values.subarray(from * size, (from + 1) * size), to * size);
    mean.set(whole.mean.subarray(from * horizon, (from + 1) * horizon), to * horizon);
  }
  return {
    ...whole,
    ...(reason === null ? {} : { forecaster: baseline, modelVersion: null, fallback: reason }),
    seriesIds: rows.map((row) => whole.seriesIds[row] as string),
    values,
    mean,
  };
}
