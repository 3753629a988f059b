/**
 * Purpose: the groups of a domain's series, from what each series says of itself.
 * Invariants: the total of all series is the first group; a group is inside the one that is named
 * before it.
 * Fails: SETTINGS_INVALID where groups would add a series up twice.
 */
import { HeadwayError } from '../platform/errors.ts';
import type { Domain } from './domain.ts';

/** The group of all series. */
export const ALL = 'all';

export interface Group {
  readonly groupId: string;
  readonly title: string;
  /** The group that it is inside; null for the total of all series. */
  readonly parent: string | null;
  readonly seriesIds: readonly string[];
}

const GROUP_ID = /^[a-z0-9-]+$/;

/** In the order of the series. */
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
