/**
 * Purpose: the panel: every series on one regular UTC grid. The shape that features, models and
 * metrics share.
 * Invariants: a column holds seriesIds.length × length values, row-major by series; missing is NaN,
 * never silently zero; the value at grid index t covers [start + t·frequency, start +
 * (t+1)·frequency).
 * Fails: `createPanel` throws a RangeError when sizes, ids or the grid do not fit.
 */
export interface Panel {
  readonly seriesIds: readonly string[];
  /** Epoch milliseconds (UTC) of the first interval's start. */
  readonly start: number;
  readonly frequencyMinutes: number;
  /** Intervals per series. */
  readonly length: number;
  readonly columns: { readonly target: Float32Array } & Readonly<Record<string, Float32Array>>;
  /**
   * Exogenous columns, on the same grid, shared by all series or of one (exogenous-columns.ts): one
   * array of `length` values or more. Known only afterwards: index t holds what became known during
   * interval t, whatever time it is about, so that reading up to the cutoff is reading what was
   * known. Known in advance: index t holds what is said about interval t, at least a horizon
   * before; it may reach past the end.
   */
  readonly exogenous?: Readonly<Record<string, Float32Array>>;
  /**
   * [component]: scores of all series together, one an interval, for a panel that holds only some
   * of them (features/context.ts). Of one model alone.
   */
  readonly context?: readonly Float32Array[];
}

export function createPanel(panel: Panel): Panel {
  const { seriesIds, start, frequencyMinutes, length, columns } = panel;
  if (!(frequencyMinutes > 0))
    throw new RangeError(`frequencyMinutes must be positive, got ${frequencyMinutes}`);
  if (!Number.isInteger(length) || length < 0)
    throw new RangeError(`length must be a count of intervals, got ${length}`);
  if (start % 60_000 !== 0) throw new RangeError(`start must be a whole minute, got ${start}`);
  if (new Set(seriesIds).size !== seriesIds.length)
    throw new RangeError('seriesIds must be distinct');
  for (const [name, values] of Object.entries(columns)) {
    if (values.length !== seriesIds.length * length) {
      throw new RangeError(
        `column ${name} has ${values.length} values, expected ${seriesIds.length} series × ` +
          `${length} intervals`,
      );
    }
  }
  for (const [name, values] of Object.entries(panel.exogenous ?? {})) {
    if (values.length < length)
      throw new RangeError(
        `exogenous column ${name} has ${values.length} values, expected ${length} or more`,
      );
  }
  return panel;
}

/** UTC start of interval `index`, epoch milliseconds. */
export const timestampAt = (panel: Panel, index: number): number =>
  panel.start + index * panel.frequencyMinutes * 60_000;

/** Grid index of `timestamp`; fractional where it is off the grid, negative before the start. */
export const indexAt = (panel: Panel, timestamp: number): number =>
  (timestamp - panel.start) / (panel.frequencyMinutes * 60_000);

/** The last interval, before grid index `end`, in which any series has a value; -1: none. */
export function lastObserved(panel: Panel, end = panel.length): number {
  const { target } = panel.columns;
  for (let index = end - 1; index >= 0; index--) {
    for (let series = 0; series < panel.seriesIds.length; series++) {
      if (!Number.isNaN(target[series * panel.length + index])) return index;
    }
  }
  return -1;
}

/** The target of one series, as a view (not a copy) of `length` values. */
export const targetOf = (panel: Panel, series: number): Float32Array =>
  panel.columns.target.subarray(series * panel.length, (series + 1) * panel.length);

/** The panel of one series alone: views of its rows, not copies. */
export const onlySeries = (panel: Panel, series: number): Panel =>
  seriesSlice(panel, series, series + 1);

/**
 * Series [from, to) of the panel, as views: rows of one series lie together. All of them are the
 * panel itself, so that what a forecaster keeps of a panel is found again.
 */
export function seriesSlice(panel: Panel, from: number, to: number): Panel {
  if (from === 0 && to === panel.seriesIds.length) return panel;
  const columns: Record<string, Float32Array> = {};
  for (const [name, values] of Object.entries(panel.columns)) {
    columns[name] = values.subarray(from * panel.length, to * panel.length);
  }
  return {
    ...panel,
    seriesIds: panel.seriesIds.slice(from, to),
    columns: { target: columns.target, ...columns },
  };
}

/** A panel of the named rows alone, copied; what all series share stays shared. */
export function onlyRows(panel: Panel, rows: readonly number[]): Panel {
  const target = new Float32Array(rows.length * panel.length);
  for (const [row, series] of rows.entries()) {
    target.set(
      panel.columns.target.subarray(series * panel.length, (series + 1) * panel.length),
      row * panel.length,
    );
  }
  return {
    ...panel,
    seriesIds: rows.map((series) => panel.seriesIds[series] as string),
    columns: { target },
  };
}

/**
 * A copy of the panel that ends with interval `last`: what comes after it is not there to be read.
 */
export const panelUpTo = (panel: Panel, last: number): Panel =>
  panelWithin(panel, 0, Math.min(last + 1, panel.length));

/** A copy of the last `intervals` of the panel. */
export const panelTail = (panel: Panel, intervals: number): Panel =>
  panelWithin(panel, Math.max(0, panel.length - intervals), panel.length);

/** A copy of the intervals [from, end). */
function panelWithin(panel: Panel, from: number, end: number): Panel {
  const { seriesIds, frequencyMinutes } = panel;
  const length = end - from;
  const columns: Record<string, Float32Array> = {};
  for (const [name, values] of Object.entries(panel.columns)) {
    const kept = new Float32Array(seriesIds.length * length);
    for (let s = 0; s < seriesIds.length; s++)
      kept.set(values.subarray(s * panel.length + from, s * panel.length + end), s * length);
    columns[name] = kept;
  }
  // Spelled out and not spread: a field that is added to panels must be cut here too, not slip
  // through whole.
  const shared = sharedWithin(panel, from, end);
  return {
    seriesIds,
    start: timestampAt(panel, from),
    frequencyMinutes,
    length,
    columns: columns as Panel['columns'],
    ...shared,
  };
}

/**
 * The panel with `intervals` unknown intervals in front, for a history shorter than a model looks
 * back.
 */
export function padHistory(panel: Panel, intervals: number): Panel {
  const length = panel.length + intervals;
  const columns: Record<string, Float32Array> = {};
  for (const [name, values] of Object.entries(panel.columns)) {
    const padded = new Float32Array(panel.seriesIds.length * length).fill(Number.NaN);
    for (let s = 0; s < panel.seriesIds.length; s++) {
      padded.set(values.subarray(s * panel.length, (s + 1) * panel.length), s * length + intervals);
    }
    columns[name] = padded;
  }
  return {
    ...panel,
    start: panel.start - intervals * panel.frequencyMinutes * 60_000,
    length,
    columns: columns as Panel['columns'],
    ...sharedWithin(panel, -intervals),
  };
}

/**
 * What all series of a panel share (exogenous columns and context), over its grid indices [first,
 * end), NaN outside; by default to its own end. Nothing, where there is nothing.
 */
export function sharedWithin(
  { exogenous, context }: Panel,
  first: number,
  end?: number,
): Pick<Panel, 'exogenous' | 'context'> {
  const within = (values: Float32Array) => {
    const out = new Float32Array(Math.max(0, (end ?? values.length) - first)).fill(Number.NaN);
    const from = Math.max(0, first);
    const to = Math.max(from, Math.min(values.length, first + out.length));
    out.set(values.subarray(from, to), Math.min(from - first, out.length));
    return out;
  };
  return {
    ...(exogenous && {
      exogenous: Object.fromEntries(
        Object.entries(exogenous).map(([name, values]) => [name, within(values)]),
      ),
    }),
    ...(context && { context: context.map(within) }),
  };
}

/** Mean of the known values; NaN where there are none. */
export const meanOf = (values: Float32Array): number => meanOfEach(values, (value) => value);

/** Mean of the known |values|: how large a series is that may change sign. */
export const meanSizeOf = (values: Float32Array): number => meanOfEach(values, Math.abs);

function meanOfEach(values: Float32Array, of: (value: number) => number): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += of(value);
    count++;
  }
  return count > 0 ? sum / count : Number.NaN;
}
