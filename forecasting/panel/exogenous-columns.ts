/**
 * Purpose: the exogenous columns of a panel by name and series: a column is shared by all series
 * (the weather) or of one of them (its price).
 * Invariants: a series' own column comes before the shared one; a declared name holds no `@`.
 * Fails: never.
 */
import type { Panel } from './panel.ts';

const SEPARATOR = '@';

/** What a panel calls the column of one series. */
export const ownColumn = (name: string, seriesId: string): string =>
  `${name}${SEPARATOR}${seriesId}`;

/** The declared name of a column of a panel. */
export const declaredName = (column: string): string => column.split(SEPARATOR, 1)[0] as string;

/** The series that a column of a panel is of; null where all share it. */
export function ownerOf(column: string): string | null {
  const at = column.indexOf(SEPARATOR);
  return at < 0 ? null : column.slice(at + SEPARATOR.length);
}

/** What a panel calls the column that a series reads. */
export function columnNameOf({ exogenous }: Panel, name: string, seriesId: string): string {
  const own = ownColumn(name, seriesId);
  return exogenous?.[own] === undefined ? name : own;
}

export const hasColumn = ({ exogenous }: Panel, name: string): boolean =>
  Object.keys(exogenous ?? {}).some((column) => declaredName(column) === name);
