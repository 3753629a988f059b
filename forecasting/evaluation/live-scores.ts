/**
 * Purpose: live figures by forecaster, over all pairs or by step, series, target or hour of the
 * week, from the sums of scored days.
 * Invariants: sums add up first and are divided last, so that a window's figure is that of its
 * pairs and not a mean of means; skill compares a forecaster with the best naive baseline of the
 * same rows; what has nothing to be computed from is NaN.
 * Fails: never.
 */
import { NAIVE_NAMES } from '../models/baselines/naive.ts';
import { groupBy } from './group-by.ts';

/** What the sums of a row are over: one series, one step, or one target interval. */
export type ScoreDimension = 'series' | 'step' | 'target';

/** Sums over pairs of a forecast and its actual; the point forecast is the median. */
export interface ScoreSums {
  readonly pairs: number;
  /** Σ|y − ŷ|, in the target's unit. */
  readonly absoluteError: number;
  /** Σ|y|. */
  readonly absoluteActual: number;
  /** Σ(ŷ − y): positive is too high. */
  readonly error: number;
  /** Σ of the mean pinball loss over the quantiles; NaN for a point forecaster. */
  readonly pinball: number;
  /** Σ of the pinball loss that the forecast's own quantiles expect; NaN for a point forecaster. */
  readonly expectedPinball: number;
  /** Pairs whose actual lies between the outermost quantiles; NaN for a point forecaster. */
  readonly inside: number;
}

export interface ScoreRow extends ScoreSums {
  readonly forecaster: string;
  /** null for a baseline. */
  readonly modelVersion: string | null;
  readonly role: 'serving' | 'shadow';
  /** Share of actuals that the outermost quantiles are to hold; NaN for a point forecaster. */
  readonly nominal: number;
  readonly dimension: ScoreDimension;
  /** The series' id, the step, or the target's timestamp. */
  readonly key: string;
}

export interface LiveScore {
  readonly forecaster: string;
  /** null for a baseline. */
  readonly modelVersion: string | null;
  readonly role: 'serving' | 'shadow';
  readonly pairs: number;
  /** Mean |y − ŷ|. */
  readonly mae: number;
  /** Σ|y − ŷ| / Σ|y|. */
  readonly wape: number;
  /** mean(ŷ − y): positive is too high. */
  readonly bias: number;
  /** Mean over pairs and quantiles; NaN for a point forecaster. */
  readonly pinball: number;
  /** The pinball loss that the forecasts expected of themselves. */
  readonly expectedPinball: number;
  /** Share of actuals between the outermost quantiles, and what it is to be. */
  readonly coverage: number;
  readonly nominal: number;
  /** 1 − pinball loss / that of the best naive baseline (of MAE for a point forecaster). */
  readonly skill: number;
}

/** The same rows with the versions of a forecaster taken together. */
export const withoutVersions = (rows: readonly ScoreRow[]): ScoreRow[] =>
  rows.map((row) => ({ ...row, modelVersion: null }));

/** One score a forecaster, role and model version, over all pairs. */
export const liveScores = (rows: readonly ScoreRow[]): LiveScore[] =>
  scoresOf(rows.filter(({ dimension }) => dimension === 'step'));

/** The same for each key of a dimension; `keyOf` merges keys, such as targets to hours. */
export function liveScoresBy(
  rows: readonly ScoreRow[],
  dimension: ScoreDimension,
  keyOf: (key: string) => string = (key) => key,
): Map<string, LiveScore[]> {
  const own = rows.filter((row) => row.dimension === dimension);
  const groups = groupBy(own, ({ key }) => keyOf(key));
  return new Map([...groups].map(([key, ofKey]) => [key, scoresOf(ofKey)]));
}

/** The score of what was served; of several versions that of most pairs. */
export function servingScore(scores: readonly LiveScore[]): LiveScore | null {
  const serving = scores.filter(({ role }) => role === 'serving');
  return serving.reduce<LiveScore | null>(
    (most, one) => (most === null || one.pairs > most.pairs ? one : most),
    null,
  );
}

/**
 * What a baseline is judged by: its forecasts in shadow, which are of all series. It may also serve
 * a few series that the model cannot forecast; these count only where there is nothing else.
 */
export function comparable<Scored extends Pick<LiveScore, 'role'>>(
  baseline: readonly Scored[],
): readonly Scored[] {
  const shadows = baseline.filter(({ role }) => role === 'shadow');
  return shadows.length > 0 ? shadows : baseline;
}

/** The naive baseline with the least loss; null where none was scored. */
export function bestNaive(scores: readonly LiveScore[]): LiveScore | null {
  const naive = comparable(scores.filter(({ forecaster }) => NAIVE_NAMES.includes(forecaster)));
  return naive.reduce<LiveScore | null>(
    (best, one) => (best === null || lossOf(one) < lossOf(best) ? one : best),
    null,
  );
}

const lossOf = ({ pinball, mae }: LiveScore): number => (Number.isNaN(pinball) ? mae : pinball);

function scoresOf(rows: readonly ScoreRow[]): LiveScore[] {
  const groups = groupBy(rows, ({ role, forecaster, modelVersion, nominal }) =>
    JSON.stringify([role, forecaster, modelVersion, nominal]),
  );
  const scores = [...groups.keys()].sort().map((name) => scoreOf(groups.get(name) as ScoreRow[]));
  const naive = bestNaive(scores);
  return scores.map((score) => ({ ...score, skill: skillOf(score, naive) }));
}

function scoreOf(rows: readonly ScoreRow[]): LiveScore {
  const total = (name: keyof ScoreSums) => rows.reduce((sum, row) => sum + row[name], 0);
  const { forecaster, modelVersion, role, nominal } = rows[0] as ScoreRow;
  const pairs = total('pairs');
  return {
    ...{ forecaster, modelVersion, role, pairs, nominal },
    mae: total('absoluteError') / pairs,
    wape: total('absoluteError') / total('absoluteActual'),
    bias: total('error') / pairs,
    pinball: total('pinball') / pairs,
    expectedPinball: total('expectedPinball') / pairs,
    coverage: total('inside') / pairs,
    skill: Number.NaN,
  };
}

function skillOf(score: LiveScore, naive: LiveScore | null): number {
  if (naive === null) return Number.NaN;
  const isPoint = Number.isNaN(score.pinball) || Number.isNaN(naive.pinball);
  return isPoint ? 1 - score.mae / naive.mae : 1 - score.pinball / naive.pinball;
}
