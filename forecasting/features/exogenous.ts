/**
 * Purpose: inputs from exogenous columns: which of them a network reads, and what it sees of them
 * at a cutoff.
 * Invariants: of a column known afterwards only what became known up to the cutoff is read, and
 * only of the last week; of one known in advance, what it says of the target's interval. Inputs are
 * finite, and 0 (the mean of the training span) where a value is unknown.
 * Fails: a RangeError where the panel lacks a column that the network was fitted with.
 */
import { columnNameOf, declaredName, hasColumn, ownColumn } from '../panel/exogenous-columns.ts';
import type { Panel } from '../panel/panel.ts';
import type { Seasons } from '../panel/seasons.ts';

/** Of the known values of the training span: the input is (value − mean) / deviation. */
interface Standard {
  readonly mean: number;
  readonly deviation: number;
}

export interface ExogenousInput extends Standard {
  readonly name: string;
  /** By series, where they have columns of their own; another series takes that of all of them. */
  readonly own?: Readonly<Record<string, Standard>>;
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
    const columns = Object.entries(panel.exogenous ?? {}).filter(
      ([column, values]) =>
        declaredName(column) === name && latestIndex(values, lastTarget, day) >= 0,
    );
    const knownOf = (values: Float32Array) =>
      values.subarray(0, lastTarget + 1).filter((value) => !Number.isNaN(value));
    const all = standardOf(columns.map(([, values]) => knownOf(values)));
    if (!(all.deviation > 0)) return [];
    const own = panel.seriesIds.flatMap((id): [string, Standard][] => {
      const values = columns.find(([column]) => column === ownColumn(name, id))?.[1];
      if (values === undefined) return [];
      const { mean, deviation } = standardOf([knownOf(values)]);
      return [[id, { mean, deviation: deviation || all.deviation }]];
    });
    return [{ name, ...all, ...(own.length > 0 ? { own: Object.fromEntries(own) } : {}) }];
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

/** By series of the panel; one object for all that have no column of their own. */
export function exogenousRows(
  panel: Panel,
  inputs: ExogenousInputs,
  sizes: ExogenousSizes,
): ExogenousRows[] {
  const names = [...inputs.past, ...inputs.future].map(({ name }) => name);
  for (const name of names) requireColumn(panel, name);
  const shared = rowsOf(panel, inputs, sizes, null);
  return panel.seriesIds.map((id) => {
    const hasOwn = names.some((name) => columnNameOf(panel, name, id) !== name);
    return hasOwn ? rowsOf(panel, inputs, sizes, id) : shared;
  });
}

type ExogenousSizes = Pick<Seasons, 'day' | 'week'> & { readonly from: number; span: number };

/** @param seriesId null: what a series without columns of its own reads */
function rowsOf(
  panel: Panel,
  { past, future }: ExogenousInputs,
  { day, week, from, span }: ExogenousSizes,
  seriesId: string | null,
): ExogenousRows {
  const rows = {
    past: new Float32Array(panel.length * past.length * PAST_INPUTS),
    future: new Float32Array(span * future.length),
  };
  const read = (input: ExogenousInput) => {
    const name = seriesId === null ? input.name : columnNameOf(panel, input.name, seriesId);
    const own = name === input.name ? undefined : input.own?.[seriesId as string];
    // Of a series without a column nothing is known.
    return { values: panel.exogenous?.[name] ?? new Float32Array(0), ...(own ?? input) };
  };
  for (const [c, input] of past.entries()) {
    const { values, mean: usual, deviation } = read(input);
    for (let t = from; t < panel.length; t++) {
      const mean = meanOfWeek(values, t, week);
      if (Number.isNaN(mean)) continue;
      const at = (t * past.length + c) * PAST_INPUTS;
      rows.past[at] = (mean - usual) / deviation;
      const latest = latestIndex(values, t, day);
      if (latest >= 0) rows.past[at + 1] = ((values[latest] as number) - mean) / deviation;
    }
  }
  for (const [c, input] of future.entries()) {
    const { values, mean, deviation } = read(input);
    for (let t = 0; t < Math.min(span, values.length); t++) {
      const value = values[t] as number;
      if (!Number.isNaN(value)) rows.future[t * future.length + c] = (value - mean) / deviation;
    }
  }
  return rows;
}

function standardOf(columns: readonly Float32Array[]): Standard {
  const count = columns.reduce((sum, { length }) => sum + length, 0);
  const meanOf = (of: (value: number) => number) =>
    columns.reduce((sum, values) => values.reduce((all, value) => all + of(value), sum), 0) / count;
  const mean = meanOf((value) => value);
  return { mean, deviation: Math.sqrt(meanOf((value) => (value - mean) ** 2)) };
}

/**
 * Columns of which a forecast at `cutoff` finds nothing for any series, and reads the mean of the
 * training span instead.
 */
export function unknownColumns(
  panel: Panel,
  names: ExogenousNames,
  cutoff: number,
  day: number,
  horizon: number,
): string[] {
  const columnsOf = (name: string): Float32Array[] => {
    requireColumn(panel, name);
    const columns = panel.seriesIds.map((id) => columnNameOf(panel, name, id));
    return [...new Set(columns)].flatMap((column) => panel.exogenous?.[column] ?? []);
  };
  const isRecent = (values: Float32Array) => latestIndex(values, cutoff, day) >= 0;
  const isWhole = (values: Float32Array) => {
    for (let k = 1; k <= horizon; k++)
      if (Number.isNaN(values[cutoff + k] ?? Number.NaN)) return false;
    return true;
  };
  return [
    ...names.past.filter((name) => !columnsOf(name).some(isRecent)),
    ...names.future.filter((name) => !columnsOf(name).some(isWhole)),
  ];
}

function requireColumn(panel: Panel, name: string): void {
  if (!hasColumn(panel, name))
    throw new RangeError(
      `the network reads the exogenous column ${name}, which the panel does not have`,
    );
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
    const value = values[t] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    sum += value;
    known++;
  }
  return known > 0 ? sum / known : Number.NaN;
}
