/**
 * Purpose: the areas of the grid that regions add up to, for totals.
 * Invariants: each region is in at most one area; one that is not named here counts in the total of
 * all alone.
 * Fails: never. Source: the market regions by which PJM reports metered loads.
 */
import type { SeriesGroup } from '../domain.ts';

const AREAS = [
  { groupId: 'mid-atlantic', title: 'Mid-Atlantic', regions: 'PJME' },
  { groupId: 'west', title: 'West', regions: 'AEP COMED DAYTON DEOK DUQ EKPC FE PJMW' },
  { groupId: 'south', title: 'South', regions: 'DOM' },
];

const areas: ReadonlyMap<string, SeriesGroup> = new Map(
  AREAS.flatMap(({ regions, ...area }) => regions.split(' ').map((region) => [region, area])),
);

export function areaOf(region: string): readonly SeriesGroup[] {
  const area = areas.get(region);
  return area === undefined ? [] : [area];
}
