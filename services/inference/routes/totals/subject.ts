/**
 * Purpose: the series or the group that sample paths are asked of.
 * Invariants: of the same paths as the totals of groups.
 * Fails: SERIES_UNKNOWN, GROUP_UNKNOWN, HISTORY_TOO_SHORT.
 */
import { tooFewValues } from '../../responses/forecast-response.ts';
import type { Serving } from '../../serving/build-serving-snapshot.ts';
import type { Fallback } from '../../serving/fallback.ts';
import { PATHS, pathsOf } from '../../serving/group-totals.ts';
import { missingSeries } from '../../shards/missing-series.ts';
import type { RouteContext } from '../context.ts';

export interface Subject {
  /** [path][step] */
  readonly paths: Float64Array;
  readonly fallback: Fallback | null;
  readonly names: {
    readonly groupId: string | null;
    readonly seriesId: string | null;
    readonly title: string;
  };
}

export async function groupSubject(
  { totals }: RouteContext,
  serving: Serving,
  groupId: string,
): Promise<Subject> {
  const { group, paths } = await totals.totalOf(serving, groupId);
  const names = { groupId, seriesId: null, title: group.title };
  return { paths, fallback: serving.fallback, names };
}

export function seriesSubject(
  { domain }: RouteContext,
  serving: Serving,
  seriesId: string,
): Subject {
  const { snapshot, forecasts, replaced, fallback } = serving;
  const row = snapshot.indexOf.get(seriesId);
  if (row === undefined) throw missingSeries(snapshot, seriesId);
  if (forecasts.usable[row] === 0) throw tooFewValues(seriesId);
  return {
    paths: Float64Array.from(pathsOf(domain, serving, PATHS).ofSeries(row)),
    fallback: replaced.get(seriesId) ?? fallback,
    names: { groupId: null, seriesId, title: domain.seriesTitle(seriesId) },
  };
}
