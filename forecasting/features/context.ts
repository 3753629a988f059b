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
const MAX_SERIES = 256;
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
  const panel = readable(raw, spec);
  const series = largestSeries(panel, lastTarget);
  const count = Math.min(components, series.length);
  if (count < 1 || series.length < 2) return null;
  const lags = allLags(panel, spec);
  const every = Math.max(1, Math.ceil((lastTarget + 1) / MAX_SAMPLE));
  const times = Array.from(
    { length: Math.floor(lastTarget / every) + 1 },
    (_, i) => lastTarget - i * every,
  );
  const rows = series.map(({ index, level }) => {
    const values = targetOf(panel, index);
    return Float64Array.from(times, (t) => residualAt(values, lags, t, 0) / Math.sqrt(level));
  });
  const vectors = leadingVectors(rows, count);
  return {
    seriesIds: series.map(({ index }) => panel.seriesIds[index] as string),
    weights: vectors.map((vector) =>
      // Six digits, so that the model's file stays small.
      series.map(({ level }, s) =>
        Number(((vector[s] as number) / Math.sqrt(level)).toPrecision(6)),
      ),
    ),
  };
}

/** The panel with the scores in it: then series may be taken out of it, and keep their context. */
export const withContext = (panel: Panel, spec: Seasonal, context: ContextInputs): Panel => ({
  ...panel,
  context: contextScores(readable(panel, spec), context, allLags(panel, spec), 0),
});

/** A reading that cannot be right must not move the inputs of all series. */
const readable = (panel: Panel, spec: Seasonal): Panel =>
  spec.version === 2 ? withoutOutliers(panel, spec) : panel;

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
  const sums = weights.map(() => new Float64Array(panel.length));
  const rowOf = new Map(panel.seriesIds.map((id, row) => [id, row]));
  for (const [s, id] of seriesIds.entries()) {
    const row = rowOf.get(id);
    if (row === undefined) continue;
    const values = targetOf(panel, row);
    for (let t = from; t < panel.length; t++) {
      const residual = residualAt(values, lags, t, from);
      if (residual === 0) continue;
      for (const [c, sum] of sums.entries())
        sum[t] = (sum[t] as number) + residual * (weights[c]?.[s] as number);
    }
  }
  return sums.map((sum) => Float32Array.from(sum, (score, t) => (t < from ? Number.NaN : score)));
}

/** [length × components × CONTEXT_INPUTS]: the inputs of every cutoff from `first` on. */
export function contextRows(
  scores: readonly Float32Array[],
  length: number,
  day: number,
  first: number,
): Float32Array {
  const rows = new Float32Array(length * scores.length * CONTEXT_INPUTS);
  for (const [c, ofComponent] of scores.entries()) {
    for (let t = first; t < length; t++) {
      const at = (t * scores.length + c) * CONTEXT_INPUTS;
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

/** The series with the largest mean |value| up to `lastTarget`, in the order of the panel. */
function largestSeries(panel: Panel, lastTarget: number): { index: number; level: number }[] {
  const levels = panel.seriesIds.map((_, index) => {
    let sum = 0;
    let count = 0;
    for (const value of targetOf(panel, index).subarray(0, lastTarget + 1)) {
      if (Number.isNaN(value)) continue;
      sum += Math.abs(value);
      count++;
    }
    return { index, level: count > 0 ? sum / count : 0 };
  });
  return levels
    .filter(({ level }) => level > 0)
    .sort((a, b) => b.level - a.level || a.index - b.index)
    .slice(0, MAX_SERIES)
    .sort((a, b) => a.index - b.index);
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
