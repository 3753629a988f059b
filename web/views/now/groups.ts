/**
 * Purpose: the groups that series add up to, as the view shows them: the total of all, and the
 * groups right below it.
 * Invariants: as the API lists them; series of no group are a group "Other".
 * Fails: never.
 */
import type { Group } from '../../data/page-context.ts';
import { ALL } from '../../data/timeline.ts';
import type { Row } from './row.ts';

/** Tiles of all groups together: of more, a step in time is seen late. */
const MAX_TILES = 400;

/** Tiles of a group of `size` series: all where those of all groups fit, else by its share. */
export const tileLimit = (size: number, total: number): number =>
  total <= MAX_TILES ? size : Math.ceil((MAX_TILES * size) / total);

export interface RowsOfGroup {
  /** null: of no group. */
  readonly groupId: string | null;
  readonly title: string;
  readonly rows: readonly Row[];
}

export function byGroup(rows: readonly Row[], groups: readonly Group[]): RowsOfGroup[] {
  const rest = new Set(rows);
  const found = groups
    .filter(({ parent }) => parent === ALL)
    .map(({ groupId, title, seriesIds }): RowsOfGroup => {
      const ids = new Set(seriesIds);
      const inside = rows.filter(({ info }) => ids.has(info.seriesId));
      for (const row of inside) rest.delete(row);
      return { groupId, title, rows: inside };
    })
    .filter((group) => group.rows.length > 0);
  if (found.length === 0) return [{ groupId: null, title: '', rows }];
  return rest.size === 0 ? found : [...found, { groupId: null, title: 'Other', rows: [...rest] }];
}

/** The rows of one group; all rows where there is no such group. */
export function rowsInside(rows: readonly Row[], groups: readonly Group[], id: string): Row[] {
  const group = groups.find(({ groupId }) => groupId === id);
  if (group === undefined || id === ALL) return [...rows];
  const ids = new Set(group.seriesIds);
  return rows.filter(({ info }) => ids.has(info.seriesId));
}
