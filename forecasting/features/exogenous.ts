/**
 * Purpose: inputs from exogenous columns: which of them a network reads, and what it sees of them
 * at a cutoff.
 * Invariants: of a column known afterwards only what became known up to the cutoff is read, and
 * only of the last week; of one known in advance, what it says of the target's interval. Inputs are
 * finite, and 0 (the mean of the training span) where a value is unknown.
 * Fails: a RangeError where the panel lacks a column that the network was fitted with.
 */
import type { Panel } from '../panel/panel.ts';
import type { Seasons } from '../panel/seasons.ts';

export interface ExogenousInput {
  readonly name: string;
  /**
   * Mean and deviation of the known values of the training span: the input is (value − mean) /
   * deviation.
   */
  readonly mean: number;
  readonly deviation: number;
}

export interface ExogenousInputs {
  readonly past: readonly ExogenousInput[];
  readonly future: readonly ExogenousInput[];
}

/** The names of columns, as a domain or a forecaster gives them. */
export interface ExogenousNames {
  readonly past: readonly string[];
  readonly future: readonly string[];
}

export const NO_EXOGENOUS: ExogenousInputs = { past: [], future: [] };

/**
 * Of a column known afterwards: the mean of the last week, and how far the latest value lies from
 * it.
 */
export const PAST_INPUTS = 2;

/**
 * A value that became known longer ago is not the latest any more: the source has fallen silent.
 */
const LATEST_DAYS = 2;

/**
 * The columns worth reading, with what standardises them: those that the panel has, that vary, and
 * that still have values at the end of the training span (a column that ended is left out, so that
 * a network does not depend on a feed that has stopped).
 */
export function fitExogenous(
  panel: Panel,
  names: ExogenousNames,
  lastTarget: number,
  day: number,
): ExogenousInputs {
  const fit = (name: string): ExogenousInput[] => {
    const values = panel.exogenous?.[name];
    if (values === undefined || latestIndex(values, lastTarget, day) < 0) return [];
    const known = values.subarray(0, lastTarget + 1).filter((value) => !Number.isNaN(value));
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    const deviation = Math.sqrt(
      known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length,
    );
    return deviation > 0 ? [{ name, mean, deviation }] : [];
  };
  return { past: names.past.flatMap(fit), future: names.future.flatMap(fit) };
}

/**
 * The inputs of every interval from the first cutoff on, standardised: [length × past ×
 * PAST_INPUTS] at a cutoff, [span × future] at a target.
 */
export interface ExogenousRows {
  readonly past: Float32Array;
  readonly future: Float32Array;
}

export function exogenousRows(
  panel: Panel,
  { past, future }: ExogenousInputs,
  { day, week, from, span }: Pick<Seasons, 'day' | 'week'> & { from: number; span: number },
): ExogenousRows {
  const rows = {
    past: new Float32Array(panel.length * past.length * PAST_INPUTS),
    future: new Float32Array(span * future.length),
  };
  for (const [c, input] of past.entries()) {
    const values = columnOf(panel, input.name);
    for (let t = from; t < panel.length; t++) {
      const mean = meanOfWeek(values, t, week);
      if (Number.isNaN(mean)) continue;
      const at = (t * past.length + c) * PAST_INPUTS;
      rows.past[at] = (mean - input.mean) / input.deviation;
      const latest = latestIndex(values, t, day);
      if (latest >= 0) rows.past[at + 1] = ((values[latest] as number) - mean) / input.deviation;
    }
  }
  for (const [c, input] of future.entries()) {
    const values = columnOf(panel, input.name);
    for (let t = 0; t < Math.min(span, values.length); t++) {
      const value = values[t] as number;
      if (!Number.isNaN(value))
        rows.future[t * future.length + c] = (value - input.mean) / input.deviation;
    }
  }
  return rows;
}

/**
 * Columns of which a forecast at `cutoff` finds nothing, and reads the mean of the training span
 * instead.
 */
export function unknownColumns(
  panel: Panel,
  names: ExogenousNames,
  cutoff: number,
  day: number,
  horizon: number,
): string[] {
  const isRecent = (name: string, last: number): boolean =>
    latestIndex(columnOf(panel, name), last, day) >= 0;
  const isWhole = (name: string): boolean => {
    const values = columnOf(panel, name);
    for (let k = 1; k <= horizon; k++)
      if (Number.isNaN(values[cutoff + k] ?? Number.NaN)) return false;
    return true;
  };
  return [
    ...names.past.filter((name) => !isRecent(name, cutoff)),
    ...names.future.filter((name) => !isWhole(name)),
  ];
}

function columnOf(panel: Panel, name: string): Float32Array {
  const values = panel.exogenous?.[name];
  if (values === undefined)
    throw new RangeError(
      `the network reads the exogenous column ${name}, which the panel does not have`,
    );
  return values;
}

/** The last index up to `last` with a value, not older than LATEST_DAYS; -1 where there is none. */
function latestIndex(values: Float32Array, last: number, day: number): number {
  for (let t = last; t > Math.max(-1, last - LATEST_DAYS * day); t--)
    if (!Number.isNaN(values[t] ?? Number.NaN)) return t;
  return -1;
}

function meanOfWeek(values: Float32Array, last: number, week: number): number {
  let sum = 0;
  let known = 0;
  for (let t = Math.max(0, last - week + 1); t <= last; t++) {
    const value = values[t] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    known++;
  }
  return known > 0 ? sum / known : Number.NaN;
}
