/**
 * Purpose: exogenous values that a caller supplies, or that belong to a history of their
 * own, in place of the snapshot's.
 * Invariants: the snapshot's columns are never written to; null is unknown, as a gap in the
 * snapshot is; only columns that the model reads can be named, because another would change nothing
 * and be taken for having done so.
 * Fails: EXOGENOUS_INVALID with the column and the index of what is wrong.
 */
import type { ExogenousNames } from '../../../forecasting/features/exogenous.ts';
import { columnNameOf } from '../../../forecasting/panel/exogenous-columns.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { sentValue } from './sent-values.ts';

export type Columns = Readonly<Record<string, readonly (number | null)[]>>;

export interface WhatIf {
  /** Columns known in advance: the values of step 1, 2, … */
  readonly future?: Columns;
  /** Columns known only afterwards: the last values up to the cutoff, which is the last of them. */
  readonly past?: Columns;
}

/** The columns that are as the caller overrides. */
export const overriddenColumns = ({ past = {}, future = {} }: WhatIf): string[] => [
  ...Object.keys(past),
  ...Object.keys(future),
];

/** The panel with the overriding values in place. */
export function withOverrides(
  panel: Panel,
  names: ExogenousNames | undefined,
  cutoff: number,
  horizon: number,
  whatIf: WhatIf,
): Panel {
  const exogenous: Record<string, Float32Array> = { ...panel.exogenous };
  for (const [name, values] of Object.entries(whatIf.future ?? {})) {
    const where = `whatIf.future.${name}`;
    refuseUnread(name, names?.future ?? [], names, where);
    if (values.length > horizon) throw tooMany(where, values.length, `${horizon} steps`);
    const length = Math.max(panel.length, cutoff + 1 + horizon);
    for (const column of columnsOf(panel, name))
      exogenous[column] = replaced(exogenous[column], cutoff + 1, values, where, length);
  }
  for (const [name, values] of Object.entries(whatIf.past ?? {})) {
    const where = `whatIf.past.${name}`;
    refuseUnread(name, names?.past ?? [], names, where);
    if (values.length > cutoff + 1)
      throw tooMany(where, values.length, `${cutoff + 1} intervals up to the cutoff`);
    const first = cutoff + 1 - values.length;
    for (const column of columnsOf(panel, name))
      exogenous[column] = replaced(exogenous[column], first, values, where, panel.length);
  }
  return { ...panel, exogenous };
}

/**
 * The panel of a history with its own columns: each from the first interval of the history on,
 * unknown where it does not reach. Those known in advance may go on for a horizon behind the last
 * value.
 */
export function withSuppliedColumns(
  panel: Panel,
  names: ExogenousNames | undefined,
  horizon: number,
  columns: Columns,
): Panel {
  const exogenous: Record<string, Float32Array> = { ...panel.exogenous };
  for (const [name, values] of Object.entries(columns)) {
    const where = `history.exogenous.${name}`;
    refuseUnread(name, [...(names?.past ?? []), ...(names?.future ?? [])], names, where);
    const most = panel.length + (names?.future.includes(name) ? horizon : 0);
    if (values.length > most) throw tooMany(where, values.length, `${most} intervals`);
    for (const column of columnsOf(panel, name))
      exogenous[column] = replaced(undefined, 0, values, where, panel.length + horizon);
  }
  return { ...panel, exogenous };
}

/** The columns that the panel's series read under a name. */
const columnsOf = (panel: Panel, name: string): ReadonlySet<string> =>
  new Set(panel.seriesIds.map((id) => columnNameOf(panel, name, id)));

function replaced(
  column: Float32Array | undefined,
  first: number,
  values: readonly (number | null)[],
  where: string,
  length: number,
): Float32Array {
  const made = new Float32Array(Math.max(length, column?.length ?? 0)).fill(Number.NaN);
  if (column) made.set(column);
  for (const [i, value] of values.entries())
    made[first + i] = sentValue(value, i, false, { code: 'EXOGENOUS_INVALID', where });
  return made;
}

function refuseUnread(
  name: string,
  allowed: readonly string[],
  names: ExogenousNames | undefined,
  where: string,
): void {
  if (allowed.includes(name)) return;
  const list = (of: readonly string[] | undefined) =>
    of && of.length > 0 ? of.join(', ') : 'none';
  throw new HeadwayError(
    'EXOGENOUS_INVALID',
    `the model reads no column ${JSON.stringify(name.slice(0, 64))} there`,
    {
      where,
      fix:
        `It reads, known only afterwards: ${list(names?.past)}; known in advance: ` +
        `${list(names?.future)}.`,
    },
  );
}

const tooMany = (where: string, count: number, most: string): HeadwayError =>
  new HeadwayError('EXOGENOUS_INVALID', `${where} has ${count} values for ${most}`, {
    where,
    fix: `Send at most ${most} of it.`,
  });
