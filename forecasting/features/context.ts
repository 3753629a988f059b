/**
 * Purpose: inputs from the other series: what all of them do at the cutoff, against their own mean
 * of 4 weeks, as a few principal components.
 * Invariants: a score at t reads nothing after t, and nothing that lies more than 4 weeks and an
 * hour before it; it does not depend on which series a panel holds in addition; an unknown value
 * adds nothing.
 * Fails: never; a panel of one series has no context. Source of the components: orthogonal
 * iteration (Rutishauser 1969, doi:10.1007/BF02219773).
 */
import { withoutOutliers } from '../panel/outliers.ts';
import { type Panel, targetOf } from '../panel/panel.ts';
import { createCalendar } from './calendar.ts';
import {
  CONTEXT_INPUTS,
  type ContextInputs,
  type FeatureSpec,
  WEEKS_BACK,
} from './feature-spec.ts';
import { type Lags, lagsByWeek, meanOfWeeks } from './week-tables.ts';

/** The largest series stand for all: they bound what a fit and a forecast cost. */
const MAX_SERIES = 64;
/** Intervals that the components are found on, evenly over the training span. */
const MAX_SAMPLE = 4096;
const ITERATIONS = 50;

type Seasonal = Pick<FeatureSpec, 'version' | 'place' | 'day' | 'week'>;

/**
 * The principal components of the series' residuals up to `lastTarget`, each residual over the root
 * of its series' level: large series count more, as their noise is smaller. Absent for less than
 * two series.
 */
export function fitContext(
  raw: Panel,
  spec: Seasonal,
  lastTarget: number,
  components: number,
): ContextInputs | null {
  const largest = largestSeries(raw, lastTarget);
  const count = Math.min(components, largest.length);
  if (count < 1 || largest.length < 2) return null;
  const panel = readable(raw, spec, largest);
  const series = panel.seriesIds.map((_, s) => ({ s, level: levelOf(panel, s, lastTarget) }));
  const lags = allLags(panel, spec);
  const every = Math.max(1, Math.ceil((lastTarget + 1) / MAX_SAMPLE));
  const times = Array.from(
    { length: Math.floor(lastTarget / every) + 1 },
    (_, i) => lastTarget - i * every,
  );
  const rows = series.map(({ s, level }) => {
    const values = targetOf(panel, s);
    return Float64Array.from(times, (t) => residualAt(values, lags, t, 0) / Math.sqrt(level));
  });
  const vectors = leadingVectors(rows, count);
  return {
    seriesIds: panel.seriesIds,
    weights: vectors.map((vector) =>
      // Six digits, so that the model's file stays small.
      series.map(({ s, level }) =>
        Number(((vector[s] as number) / Math.sqrt(level)).toPrecision(6)),
      ),
    ),
  };
}

/** The panel with the scores in it: then series may be taken out of it, and keep their context. */
export function withContext(panel: Panel, spec: Seasonal, context: ContextInputs): Panel {
  const rows = new Set(context.seriesIds);
  const used = panel.seriesIds.flatMap((id, row) => (rows.has(id) ? [row] : []));
  const readablePanel = readable(panel, spec, used);
  return { ...panel, context: contextScores(readablePanel, context, allLags(panel, spec), 0) };
}

/** Some of the series. A reading that cannot be right must not move the inputs of all series. */
function readable(panel: Panel, spec: Seasonal, series: readonly number[]): Panel {
  const target = new Float32Array(series.length * panel.length);
  for (const [row, s] of series.entries()) target.set(targetOf(panel, s), row * panel.length);
  const some = {
    ...panel,
    seriesIds: series.map((s) => panel.seriesIds[s] as string),
    columns: { target },
  };
  return spec.version === 2 ? withoutOutliers(some, spec) : some;
}

/**
 * [component]: the score of every interval from grid index `from` on, unknown before it.
 * @param lags of the grid from there on
 */
export function contextScores(
  panel: Panel,
  { seriesIds, weights }: ContextInputs,
  lags: Lags,
  from: number,
): Float32Array[] {
  const K = weights.length;
  const sums = new Float64Array(panel.length * K);
  const ofSeries = new Float64Array(K);
  const rowOf = new Map(panel.seriesIds.map((id, row) => [id, row]));
  for (const [s, id] of seriesIds.entries()) {
    const row = rowOf.get(id);
    if (row === undefined) continue;
    const values = targetOf(panel, row);
    for (let c = 0; c < K; c++) ofSeries[c] = weights[c]?.[s] as number;
    for (let t = from; t < panel.length; t++) {
      const residual = residualAt(values, lags, t, from);
      if (residual === 0) continue;
      for (let c = 0; c < K; c++)
        sums[t * K + c] = (sums[t * K + c] as number) + residual * (ofSeries[c] as number);
    }
  }
  return weights.map((_, c) =>
    Float32Array.from({ length: panel.length }, (_none, t) =>
      t < from ? Number.NaN : (sums[t * K + c] as number),
    ),
  );
}

/** [(length − first) × components × CONTEXT_INPUTS]: the inputs of every cutoff from `first` on. */
export function contextRows(
  scores: readonly Float32Array[],
  length: number,
  day: number,
  first: number,
): Float32Array {
  const rows = new Float32Array(Math.max(0, length - first) * scores.length * CONTEXT_INPUTS);
  for (const [c, ofComponent] of scores.entries()) {
    for (let t = first; t < length; t++) {
      const at = ((t - first) * scores.length + c) * CONTEXT_INPUTS;
      let sum = 0;
      for (let i = Math.max(0, t - day + 1); i <= t; i++) sum += known(ofComponent[i]);
      rows[at] = known(ofComponent[t]);
      rows[at + 1] = sum / day;
    }
  }
  return rows;
}

const known = (score: number | undefined): number =>
  score === undefined || Number.isNaN(score) ? 0 : score;

/** A value against the mean of its last 4 weeks; 0 where one of them is unknown. */
function residualAt(values: Float32Array, lags: Lags, t: number, from: number): number {
  const residual = (values[t] as number) - meanOfWeeks(values, lags, t - from, WEEKS_BACK);
  return Number.isNaN(residual) ? 0 : residual;
}

function allLags(panel: Panel, { place, day, week }: Seasonal): Lags {
  const calendar = createCalendar(panel.start, panel.frequencyMinutes, panel.length, place);
  return lagsByWeek(panel, calendar, { day, week, from: 0, span: panel.length });
}

/** The rows of the series with the largest level, in the order of the panel. */
function largestSeries(panel: Panel, lastTarget: number): number[] {
  const levels = panel.seriesIds.map((_, s) => levelOf(panel, s, lastTarget));
  return levels
    .map((_, s) => s)
    .filter((s) => (levels[s] as number) > 0)
    .sort((a, b) => (levels[b] as number) - (levels[a] as number) || a - b)
    .slice(0, MAX_SERIES)
    .sort((a, b) => a - b);
}

/** The mean known |value| up to `lastTarget`; 0 where there is none. */
function levelOf(panel: Panel, series: number, lastTarget: number): number {
  let sum = 0;
  let count = 0;
  for (const value of targetOf(panel, series).subarray(0, lastTarget + 1)) {
    if (Number.isNaN(value)) continue;
    sum += Math.abs(value);
    count++;
  }
  return count > 0 ? sum / count : 0;
}

/** The leading eigenvectors of rows × rowsᵀ, by orthogonal iteration from the largest rows. */
function leadingVectors(rows: readonly Float64Array[], count: number): Float64Array[] {
  const square = rows.map((a) => Float64Array.from(rows, (b) => dot(a, b)));
  const order = rows
    .map((_, i) => i)
    .sort((a, b) => (square[b]?.[b] as number) - (square[a]?.[a] as number) || a - b);
  let vectors: Float64Array[] = order.slice(0, count).map((row) => {
    const vector = new Float64Array(rows.length);
    vector[row] = 1;
    return vector;
  });
  for (let i = 0; i < ITERATIONS; i++)
    vectors = orthonormal(
      vectors.map((vector) => Float64Array.from(square, (row) => dot(row, vector))),
    );
  return vectors;
}

/** Gram–Schmidt, twice for precision. A vector that depends on those before it becomes 0. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const out: Float64Array[] = [];
  for (const vector of vectors) {
    const own = vector.slice();
    const before = Math.sqrt(dot(own, own));
    for (const other of [...out, ...out]) {
      const share = dot(own, other);
      for (let i = 0; i < own.length; i++)
        own[i] = (own[i] as number) - share * (other[i] as number);
    }
    const length = Math.sqrt(dot(own, own));
    const isZero = !(length > 1e-10 * before);
    out.push(own.map((x) => (isZero ? 0 : x / length)));
  }
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
