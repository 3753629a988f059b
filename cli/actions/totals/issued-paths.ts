/**
 * Purpose: sample paths of what the champion forecasts now, for commands.
 * Invariants: the same paths as the HTTP service has of the same model and snapshot.
 * Fails: as `issue` of issue-batch.ts; GROUP_UNKNOWN; HISTORY_TOO_SHORT
 * where no series of a group has a forecast.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { SamplePaths } from '../../../forecasting/paths/sample-paths.ts';
import {
  hasForecast,
  type IssuedForecasts,
} from '../../../services/inference/batch/issue-forecasts.ts';
import { baselineVersion } from '../../../services/inference/serving/fallback.ts';
import {
  groupsIn,
  nothingToAdd,
  unknownGroup,
} from '../../../services/inference/serving/group-totals.ts';
import { servedPaths } from '../../../services/inference/serving/served-paths.ts';
import type { CommandContext } from '../../context.ts';
import { issue } from '../issue-batch.ts';

export interface IssuedPaths {
  readonly issued: IssuedForecasts;
  readonly modelVersion: string;
  readonly paths: SamplePaths;
}

export async function issuedPaths(
  context: CommandContext,
  { count, draw = 0 }: { count: number; draw?: number },
): Promise<IssuedPaths> {
  const issued = await issue(context, { allowsBaseline: true });
  const { panel, cutoff, dependence, entry } = issued;
  const { quantiles, horizon, snapshotVersion, forecaster } = entry;
  const modelVersion = entry.modelVersion ?? baselineVersion({ name: forecaster });
  const paths = servedPaths(context.domain, {
    ...{ panel, cutoff, horizon, quantiles, prediction: entry, dependence },
    ...{ modelVersion, snapshotVersion, count, draw },
  });
  return { issued, modelVersion, paths };
}

export interface IssuedGroup {
  readonly title: string;
  /** Of its series with a forecast: their rows in the issue. */
  readonly rows: readonly number[];
  /** The others: no part of the total. */
  readonly withoutForecast: readonly string[];
}

export function groupOfIssue(
  domain: Domain,
  { entry }: IssuedForecasts,
  groupId: string,
): IssuedGroup {
  const group = groupsIn(domain, entry.seriesIds).find((one) => one.groupId === groupId);
  if (group === undefined) throw unknownGroup(groupId);
  const rows = group.seriesIds.map((id) => entry.seriesIds.indexOf(id));
  const isForecast = (row: number) => hasForecast(entry, row);
  if (!rows.some(isForecast)) throw nothingToAdd(groupId);
  return {
    title: group.title,
    rows: rows.filter(isForecast),
    withoutForecast: group.seriesIds.filter((_, i) => !isForecast(rows[i] as number)),
  };
}
