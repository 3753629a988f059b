/**
 * Purpose: what a domain adds up: the groups of the served series, and sample paths of their
 * totals.
 * Invariants: a total is on every path the sum of its series' paths, so groups inside a group add
 * up to it where they share out its series; paths are those of one model and snapshot, the same in
 * every replica; they are made once, when the forecasts are served or first asked for, in turns
 * of the event loop, and cached for as long as the forecasts are served.
 * Fails: TOTAL_OF_SEVERAL_SHARDS of a shard, which does not know the other series of any group;
 * GROUP_UNKNOWN; HISTORY_TOO_SHORT where no series has a forecast; SETTINGS_INVALID for a domain
 * whose groups would add a series up twice.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { SamplePaths } from '../../../forecasting/paths/sample-paths.ts';
import { addTo, sumOfMeans } from '../../../forecasting/paths/totals.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { ShardDirectory } from '../shards/shard-directory.ts';
import type { Serving } from './build-serving-snapshot.ts';
import type { Precomputed } from './precompute.ts';
import { servedPaths } from './served-paths.ts';

/** The group of all series. */
export const ALL = 'all';

export interface Group {
  readonly groupId: string;
  readonly title: string;
  /** The group that it is inside; null for the total of all series. */
  readonly parent: string | null;
  readonly seriesIds: readonly string[];
}

export interface Total {
  readonly group: Group;
  /** [path][step] */
  readonly paths: Float64Array;
  /** [step]: the sum of the means. */
  readonly mean: Float64Array;
  /** Series of the group that have no forecast: no part of the total. */
  readonly withoutForecast: readonly string[];
}

export interface GroupTotals {
  /** All groups, the total first, in the order of the series. */
  groupsOf(serving: Serving): readonly Group[];
  totalOf(serving: Serving, groupId: string): Promise<Total>;
}

const GROUP_ID = /^[a-z0-9-]+$/;
/** Paths a total. */
export const PATHS = 400;
/** Series per turn of the event loop: some ten milliseconds. */
const CHUNK = 16;

export function openGroupTotals(domain: Domain): GroupTotals {
  const groups = new WeakMap<readonly string[], readonly Group[]>();
  const totals = new WeakMap<Precomputed, Promise<ReadonlyMap<string, Total>>>();
  const groupsOf = ({ snapshot }: Serving): readonly Group[] => {
    const { sortedIds, shard } = snapshot;
    if (shard !== null) throw noTotal(shard, sortedIds.length);
    const known = groups.get(sortedIds) ?? groupsIn(domain, sortedIds);
    groups.set(sortedIds, known);
    return known;
  };
  return {
    groupsOf,
    async totalOf(serving, groupId) {
      if (!groupsOf(serving).some((group) => group.groupId === groupId))
        throw unknownGroup(groupId);
      const made = totals.get(serving.forecasts) ?? totalsOf(domain, serving, groupsOf(serving));
      totals.set(serving.forecasts, made);
      const total = (await made).get(groupId) as Total;
      if (total.withoutForecast.length === total.group.seriesIds.length)
        throw nothingToAdd(groupId);
      return total;
    },
  };
}

const noTotal = ({ name, storeSeries }: ShardDirectory, own: number): HeadwayError =>
  new HeadwayError(
    'TOTAL_OF_SEVERAL_SHARDS',
    `this service serves shard ${name}, which has ${own} of ${storeSeries} series, and no totals`,
    {
      where: 'groupId',
      fix:
        'Add up the paths of the series (GET /v1/series/{id}/paths of every shard), path by ' +
        'path: those of one model and snapshot belong together.',
    },
  );

export const unknownGroup = (groupId: string): HeadwayError =>
  new HeadwayError('GROUP_UNKNOWN', `there is no group ${JSON.stringify(groupId)}`, {
    where: 'groupId',
    fix: 'GET /v1/groups lists the groups there are.',
  });

export function groupsIn(domain: Domain, seriesIds: readonly string[]): Group[] {
  const found = new Map<string, { group: Omit<Group, 'seriesIds'>; seriesIds: string[] }>();
  found.set(ALL, {
    group: { groupId: ALL, title: domain.title, parent: null },
    seriesIds: [...seriesIds],
  });
  for (const id of seriesIds) {
    let parent = ALL;
    const own = domain.groupsOf?.(id) ?? [];
    requireDistinct(domain, id, own);
    for (const { groupId, title } of own) {
      const known = found.get(groupId);
      if (known) known.seriesIds.push(id);
      else found.set(groupId, { group: { groupId, title, parent }, seriesIds: [id] });
      parent = groupId;
    }
  }
  return [...found.values()].map(({ group, seriesIds: own }) => ({ ...group, seriesIds: own }));
}

/** A group named twice, or like the total, would count the series twice. */
function requireDistinct(
  { name }: Domain,
  seriesId: string,
  groups: readonly Pick<Group, 'groupId'>[],
): void {
  const ids = groups.map(({ groupId }) => groupId);
  const odd = ids.find((id, i) => id === ALL || !GROUP_ID.test(id) || ids.indexOf(id) < i);
  if (odd === undefined) return;
  throw new HeadwayError(
    'SETTINGS_INVALID',
    `series ${JSON.stringify(seriesId)} cannot be in the group ${JSON.stringify(odd)}`,
    {
      where: `groupsOf of domain ${name}`,
      fix:
        `Name each group once, in lower-case letters, digits and "-", and none of them ` +
        `"${ALL}".`,
    },
  );
}

/** A sum of nothing would be zero. */
export const nothingToAdd = (groupId: string): HeadwayError =>
  new HeadwayError(
    'HISTORY_TOO_SHORT',
    `no series of the group ${JSON.stringify(groupId)} has a forecast`,
    { where: 'groupId', fix: 'Wait until its series have more history, or ask for another group.' },
  );

/** The paths of what is served. */
export function pathsOf(
  domain: Domain,
  { model, snapshot, forecasts }: Serving,
  count: number,
): SamplePaths {
  const { panel, cutoff, manifest } = snapshot;
  const { card, forecaster } = model;
  return servedPaths(domain, {
    ...{ panel, cutoff, horizon: card.horizon, quantiles: card.quantiles },
    ...{ prediction: forecasts, dependence: forecaster.dependence, count },
    ...{ modelVersion: card.modelVersion, snapshotVersion: manifest.snapshotVersion },
  });
}

async function totalsOf(
  domain: Domain,
  serving: Serving,
  groups: readonly Group[],
): Promise<ReadonlyMap<string, Total>> {
  const { snapshot, forecasts, model } = serving;
  const { horizon } = model.card;
  const paths = pathsOf(domain, serving, PATHS);
  const sums = groups.map(() => new Float64Array(PATHS * horizon));
  const groupsOfRow = new Map<number, Float64Array[]>();
  for (const [g, { seriesIds }] of groups.entries())
    for (const id of seriesIds) {
      const row = snapshot.indexOf.get(id) as number;
      groupsOfRow.set(row, [...(groupsOfRow.get(row) ?? []), sums[g] as Float64Array]);
    }
  let done = 0;
  for (const [row, targets] of groupsOfRow) {
    if (forecasts.usable[row] === 0) continue;
    const own = paths.ofSeries(row);
    for (const sum of targets) addTo(sum, own);
    if (++done % CHUNK === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return new Map(
    groups.map((group, g) => {
      const rowOf = (id: string) => snapshot.indexOf.get(id) as number;
      const isUsable = (id: string) => forecasts.usable[rowOf(id)] === 1;
      const usable = group.seriesIds.filter(isUsable).map(rowOf);
      const total: Total = {
        group,
        paths: sums[g] as Float64Array,
        mean: sumOfMeans(forecasts, usable, horizon),
        withoutForecast: group.seriesIds.filter((id) => !isUsable(id)),
      };
      return [group.groupId, total];
    }),
  );
}
