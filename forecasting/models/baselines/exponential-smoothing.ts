/**
 * Purpose: seasonal exponential smoothing, the classical benchmark: one smoothed value for every
 * interval of the week by the local clock, and on it a deviation that fades.
 * Invariants: reads nothing after the cutoff; an unknown value moves nothing but lets the deviation
 * fade; scaling a series scales its forecast; forecasts are finite, and not negative where the
 * target cannot be.
 * Fails: a RangeError where the cutoff is outside the panel. Source: the additive innovations form
 * ETS(A,N,A) of Hyndman, Koehler, Ord & Snyder 2008, whose level is an AR(1) deviation instead of a
 * random walk: Taylor's (2003) adjustment of seasonal smoothing for first-order autocorrelation.
 */
import { createCalendar } from '../../features/calendar.ts';
import type { FeatureSpec } from '../../features/feature-spec.ts';
import { type Panel, targetOf } from '../../panel/panel.ts';
import type { Forecaster } from '../forecaster.ts';

export interface Smoothing {
  /** Share of an error that goes into the deviation. */
  readonly alpha: number;
  /** Share of the deviation that is left an interval later. */
  readonly phi: number;
  /**
   * Share of an error that goes into its interval's seasonal value; more while that has seen few (a
   * running mean).
   */
  readonly gamma: number;
}

export interface FittedSmoothing {
  readonly spec: SmoothingSpec;
  /** Series id → its parameters. */
  readonly parameters: ReadonlyMap<string, Smoothing>;
}

export type SmoothingSpec = Pick<
  FeatureSpec,
  'place' | 'frequencyMinutes' | 'week' | 'horizon' | 'nonNegative'
>;

/** For a series that was not there when the parameters were chosen: the middle of the grid. */
const UNKNOWN_SERIES: Smoothing = { alpha: 0.3, phi: 0.95, gamma: 0.1 };
const GRID: readonly Smoothing[] = [0.03, 0.1, 0.2, 0.35].flatMap((gamma) => [
  { alpha: 0, phi: 0, gamma },
  ...[0.1, 0.3, 0.6, 0.9].flatMap((alpha) =>
    [0.8, 0.95, 0.99].map((phi) => ({ alpha, phi, gamma })),
  ),
]);
/**
 * Candidates are compared at cutoffs this many intervals apart, so that every hour of the day meets
 * every step.
 */
const STRIDE = 25;
/** Seasons that only warm up. */
const WARM_UP = 4;

/**
 * Chooses each series' parameters from a grid: the least absolute error over all steps, at cutoffs
 * up to `lastTarget`.
 */
export function fitSmoothing(
  panel: Panel,
  spec: SmoothingSpec,
  lastTarget: number,
): FittedSmoothing {
  const slots = slotsOf(panel, spec);
  const parameters = new Map<string, Smoothing>();
  for (const [series, id] of panel.seriesIds.entries()) {
    const values = targetOf(panel, series).subarray(0, lastTarget + 1);
    const errors = GRID.map((smoothing) => rollingError(values, slots, spec, smoothing));
    const least = errors.reduce(
      (best, error, i) => (error < (errors[best] as number) ? i : best),
      0,
    );
    parameters.set(
      id,
      Number.isFinite(errors[least]) ? (GRID[least] as Smoothing) : UNKNOWN_SERIES,
    );
  }
  return { spec, parameters };
}

export function smoothingForecaster({ spec, parameters }: FittedSmoothing): Forecaster {
  const known = new WeakMap<Panel, Int32Array>();
  return {
    name: 'exponential_smoothing',
    quantiles: [0.5],
    minimumHistory: 1,
    predict(panel: Panel, cutoff: number, horizon: number): Float32Array {
      if (cutoff < 0 || cutoff >= panel.length)
        throw new RangeError(`cutoff ${cutoff} is outside the panel's ${panel.length} intervals`);
      const slots = known.get(panel) ?? slotsOf(panel, spec);
      known.set(panel, slots);
      const out = new Float32Array(panel.seriesIds.length * horizon);
      for (const [series, id] of panel.seriesIds.entries()) {
        const smoothing = parameters.get(id) ?? UNKNOWN_SERIES;
        const state = createState(spec.week);
        advance(state, smoothing, targetOf(panel, series), slots, 0, cutoff + 1);
        const row = out.subarray(series * horizon, (series + 1) * horizon);
        forecast(row, state, smoothing, slots, cutoff, spec.nonNegative);
      }
      return out;
    },
  };
}

/** Which interval of the local week each interval is, up to one horizon past the panel. */
function slotsOf(
  panel: Panel,
  { place, frequencyMinutes, week, horizon }: SmoothingSpec,
): Int32Array {
  const length = panel.length + Math.max(horizon, week);
  const { utcOffset } = createCalendar(panel.start, frequencyMinutes, length, {
    ...place,
    holidays: null,
  });
  return Int32Array.from(utcOffset, (offset, t) => (((t + offset) % week) + week) % week);
}

interface State {
  /** Per interval of the week; 0 where nothing was seen. */
  readonly seasonal: Float64Array;
  readonly seen: Int32Array;
  deviation: number;
}

const createState = (week: number): State => ({
  seasonal: new Float64Array(week),
  seen: new Int32Array(week),
  deviation: 0,
});

/** Takes in the values of intervals `from` to `to` (exclusive). */
function advance(
  state: State,
  { alpha, phi, gamma }: Smoothing,
  values: Float32Array,
  slots: Int32Array,
  from: number,
  to: number,
) {
  const { seasonal, seen } = state;
  let { deviation } = state;
  for (let t = from; t < to; t++) {
    deviation *= phi;
    const y = values[t] as number;
    if (Number.isNaN(y)) continue;
    const slot = slots[t] as number;
    const count = seen[slot] as number;
    const error = y - (seasonal[slot] as number) - deviation;
    const share = 1 / (count + 1);
    seasonal[slot] = (seasonal[slot] as number) + (share > gamma ? share : gamma) * error;
    seen[slot] = count + 1;
    // The first value of an interval of the week says nothing about a deviation: there is nothing
    // to deviate from.
    if (count > 0) deviation += alpha * error;
  }
  state.deviation = deviation;
}

function forecast(
  out: Float32Array,
  { seasonal, seen, deviation }: State,
  { phi }: Smoothing,
  slots: Int32Array,
  cutoff: number,
  nonNegative: boolean,
): void {
  let fading = deviation;
  for (let k = 0; k < out.length; k++) {
    fading *= phi;
    const slot = slots[cutoff + 1 + k] as number;
    const season =
      (seen[slot] as number) > 0 ? (seasonal[slot] as number) : meanOfSeen(seasonal, seen);
    const value = season + fading;
    out[k] = nonNegative && value < 0 ? 0 : value;
  }
}

function meanOfSeen(seasonal: Float64Array, seen: Int32Array): number {
  let sum = 0;
  let count = 0;
  for (let slot = 0; slot < seen.length; slot++) {
    if (seen[slot] === 0) continue;
    sum += seasonal[slot] as number;
    count++;
  }
  return count > 0 ? sum / count : 0;
}

/** Mean absolute error over all steps of rolling cutoffs; NaN where nothing can be compared. */
function rollingError(
  values: Float32Array,
  slots: Int32Array,
  spec: SmoothingSpec,
  smoothing: Smoothing,
): number {
  const state = createState(spec.week);
  const out = new Float32Array(spec.horizon);
  let next = 0;
  let sum = 0;
  let count = 0;
  for (
    let cutoff = firstKnown(values) + WARM_UP * spec.week - 1;
    cutoff + spec.horizon < values.length;
    cutoff += STRIDE
  ) {
    advance(state, smoothing, values, slots, next, cutoff + 1);
    next = cutoff + 1;
    forecast(out, state, smoothing, slots, cutoff, spec.nonNegative);
    for (let k = 0; k < out.length; k++) {
      const error = (values[cutoff + 1 + k] as number) - (out[k] as number);
      if (Number.isNaN(error)) continue;
      sum += error < 0 ? -error : error;
      count++;
    }
  }
  return sum / count;
}

function firstKnown(values: Float32Array): number {
  const first = values.findIndex((value) => !Number.isNaN(value));
  return first < 0 ? values.length : first;
}
