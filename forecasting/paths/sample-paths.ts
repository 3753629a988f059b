/**
 * Purpose: sample paths: equally likely futures of every series and step together. Each value comes
 * from the forecast's own quantiles and mean; which values occur together, from past errors.
 * Invariants: the same seed gives the same paths, of a series alone as among others, so that totals
 * of any groups add up; at each step a series' values are its quantile function at evenly spread
 * probabilities, and their mean is its mean, but for rounding to whole counts; memory is that of
 * one series.
 * Fails: never. Source: the Schaake shuffle (Clark et al. 2004, doi:10.1175/1525-7541(2004)005
 * <0243:TSSAMF>2.0.CO;2), which orders samples like past observations, here like past errors.
 */
import type { Prediction } from '../models/forecaster.ts';
import { type Panel, targetOf } from '../panel/panel.ts';
import { errorTemplates, type TemplateGrid, templateGrid } from './error-templates.ts';
import { quantileFunction } from './marginal.ts';

/** Independent sequences of draws from [0, 1) by name: `randomStreams` of a seed. */
export type PathRandom = (name: string) => () => number;

export interface PathForecast {
  readonly panel: Panel;
  readonly cutoff: number;
  readonly horizon: number;
  readonly day: number;
  readonly week: number;
  readonly quantiles: readonly number[];
  readonly prediction: Prediction;
  readonly nonNegative: boolean;
  readonly integerValued: boolean;
  /** 0–1: how far series move together, from not at all to as their past errors did. */
  readonly dependence: number;
}

/**
 * How much of what orders the values of a path is a draw of the path itself, the same for all
 * series and steps: a day that is high stays high. Where series are sparse, errors of the past show
 * too little of it. Source: coverage on earlier windows of counts and loads (docs/decisions/0046).
 */
const LEVEL_SHARE = 0.15;

/** Below it a probability or a difference counts as none. */
const RESOLUTION = 2 ** 20;

export const MAX_PATHS = 100_000;

export class SamplePaths {
  readonly count: number;
  readonly #forecast: PathForecast;
  readonly #grid: TemplateGrid;
  readonly #random: PathRandom;
  /** [path]: the template that all series share. */
  readonly #shared: Int32Array;
  /** [path]: a logistic score that all series and steps share. */
  readonly #level: Float64Array;
  readonly #probabilities: Float64Array;
  /** [rank of a template]: a logistic score. */
  readonly #scores: Float64Array;

  /** @param count paths, 1 to MAX_PATHS */
  constructor(forecast: PathForecast, count: number, random: PathRandom) {
    this.count = count;
    this.#forecast = forecast;
    this.#random = random;
    this.#grid = templateGrid(forecast.cutoff, forecast);
    const templates = this.#grid.cutoffs.length;
    const logit = (p: number) => Math.log(p / (1 - p));
    const middleOf = (i: number, of: number) => (i + 0.5) / of;
    const scoreOf = (i: number, of: number) => logit(middleOf(i, of));
    this.#probabilities = Float64Array.from({ length: count }, (_, i) => middleOf(i, count));
    this.#scores = Float64Array.from({ length: templates }, (_, r) => scoreOf(r, templates));
    this.#shared = spreadOver(count, templates, random('paths'));
    const levels = spreadOver(count, count, random('levels'));
    this.#level = Float64Array.from(levels, (rank) => scoreOf(rank, count));
  }

  /** The paths of one series (its row in the panel): [path][step]. */
  ofSeries(series: number): Float32Array {
    return this.ofSeriesWith(series, [this.#forecast.dependence])[0] as Float32Array;
  }

  /** As `ofSeries`, for each of some dependences: values, scores and draws are the same for all. */
  ofSeriesWith(series: number, dependences: readonly number[]): Float32Array[] {
    const { panel, horizon, quantiles, prediction, integerValued } = this.#forecast;
    const random = this.#random(`path ${panel.seriesIds[series]}`);
    const own = spreadOver(this.count, this.#grid.cutoffs.length, random);
    const templates = errorTemplates(targetOf(panel, series), this.#grid);
    const all = dependences.map(() => new Float32Array(this.count * horizon));
    const values = new Float64Array(quantiles.length);
    // Arrays of this size cost more to make than to fill.
    const [sorted, keys, draws, order] = fourArrays(this.count);
    const ofTemplates = fourArrays(this.#scores.length);
    for (let k = 0; k < horizon; k++) {
      for (let q = 0; q < values.length; q++)
        values[q] = prediction.values[(series * values.length + q) * horizon + k] as number;
      const mean = prediction.mean[series * horizon + k] as number;
      this.#valuesAt(values, mean, sorted);
      if (integerValued) toCounts(sorted, random);
      const scores = this.#scoresOf(templates, k, horizon, random, ofTemplates);
      drawInto(draws, random);
      for (const [i, dependence] of dependences.entries()) {
        this.#keysOf(scores, own, dependence, keys);
        const out = all[i] as Float32Array;
        ascendingIndices(keys, draws, order);
        for (let rank = 0; rank < order.length; rank++)
          out[(order[rank] as number) * horizon + k] = sorted[rank] as number;
      }
    }
    return all;
  }

  /** Ascending values, whose mean is the mean of the forecast. */
  #valuesAt(values: Float64Array, mean: number, out: Float64Array): void {
    const { quantiles, nonNegative } = this.#forecast;
    const floor = nonNegative ? 0 : Number.NEGATIVE_INFINITY;
    quantileFunction({ quantiles, values, mean }, floor, this.#probabilities, out);
    const found = out.reduce((sum, value) => sum + value, 0) / out.length;
    const isAmount = (out[0] as number) >= 0 && found > 0;
    for (let i = 0; i < out.length; i++)
      out[i] = isAmount
        ? ((out[i] as number) * Math.max(0, mean)) / found
        : (out[i] as number) + mean - found;
  }

  /**
   * What orders a series' values at a step, one key a path: the errors of the template that all
   * share, of one that the series has for itself, and the level that all share.
   */
  #keysOf(scores: Float64Array, own: Int32Array, dependence: number, out: Float64Array): void {
    const errors = Math.sqrt(1 - LEVEL_SHARE * LEVEL_SHARE);
    const alone = Math.sqrt(1 - dependence * dependence);
    for (let n = 0; n < this.count; n++) {
      const together = scores[this.#shared[n] as number] ?? 0;
      const error = dependence * together + alone * (scores[own[n] as number] ?? 0);
      out[n] = errors * error + LEVEL_SHARE * (this.#level[n] as number);
    }
  }

  /** [template]: the score of its rank at the step, in the last of the arrays. */
  #scoresOf(
    templates: Float32Array,
    step: number,
    horizon: number,
    random: () => number,
    [errors, draws, order, out]: FourArrays,
  ): Float64Array {
    const count = this.#scores.length;
    for (let m = 0; m < count; m++) errors[m] = templates[m * horizon + step] as number;
    drawInto(draws, random);
    ascendingIndices(errors, draws, order);
    for (let rank = 0; rank < count; rank++)
      out[order[rank] as number] = this.#scores[rank] as number;
    return out;
  }
}

type FourArrays = readonly [Float64Array, Float64Array, Float64Array, Float64Array];

const fourArrays = (length: number): FourArrays => [
  new Float64Array(length),
  new Float64Array(length),
  new Float64Array(length),
  new Float64Array(length),
];

/**
 * Counts in place of ascending values, ascending too: of those between two counts so many of the
 * highest get the upper one that the mean stays.
 */
function toCounts(values: Float64Array, random: () => number): void {
  for (let from = 0, end = 0; from < values.length; from = end) {
    const lower = Math.floor(values[from] as number);
    let share = 0;
    do share += (values[end++] as number) - lower;
    while (end < values.length && (values[end] as number) < lower + 1);
    const firstUpper = end - Math.floor(share + random());
    for (let i = from; i < end; i++) values[i] = i < firstUpper ? lower : lower + 1;
  }
}

/** Each of `kinds` as often as any other, in random order. */
function spreadOver(count: number, kinds: number, random: () => number): Int32Array {
  const out = Int32Array.from({ length: count }, (_, i) => (kinds > 0 ? i % kinds : 0));
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const moved = out[i] as number;
    out[i] = out[j] as number;
    out[j] = moved;
  }
  return out;
}

function drawInto(draws: Float64Array, random: () => number): void {
  for (let i = 0; i < draws.length; i++) draws[i] = random();
}

/**
 * Indices in ascending order of their values; equals in the order of their draws, 0–1. Sorting
 * numbers is fast.
 */
function ascendingIndices(values: Float64Array, draws: Float64Array, packed: Float64Array): void {
  const count = values.length;
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const unit = largest > 0 ? RESOLUTION / largest : 0;
  for (let i = 0; i < count; i++) {
    const place = Math.floor(
      ((values[i] as number) * unit + RESOLUTION + (draws[i] as number)) * 1024,
    );
    packed[i] = place * count + i;
  }
  packed.sort();
  for (let i = 0; i < count; i++) {
    // As `%`, which takes many times as long on numbers of this size.
    const value = packed[i] as number;
    packed[i] = value - Math.floor(value / count) * count;
  }
}
