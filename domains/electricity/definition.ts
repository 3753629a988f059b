/**
 * Purpose: the electricity domain: hourly load of the regions of a grid, as PJM publishes it,
 * or from the API of the EIA.
 * Invariants: one row is one measured hour; an hour without a row is unknown, never zero.
 * Fails: `openSource` with SOURCE_NOT_FOUND, SOURCE_INVALID or SOURCE_UNAVAILABLE.
 */
import type { Domain } from '../domain.ts';
import { areaOf } from './areas.ts';
import { expectations } from './expectations.ts';
import { openLoadFolder } from './folder-source.ts';

export const electricity: Domain = {
  name: 'electricity',
  title: 'Electricity load of the PJM regions',
  unit: 'MW',
  seriesNoun: 'region',
  frequencyMinutes: 60,
  timeZone: 'America/New_York',
  seasonLengths: [24, 168],
  horizon: 24,
  quantiles: [0.1, 0.5, 0.9],
  missing: 'unknown',
  nonNegative: true,
  integerValued: false,
  holidays: { country: 'US' },
  pastExogenous: [],
  futureExogenous: [],
  expectations,
  defaultSource: null,
  quickSource: null,
  seriesTitle: (seriesId) => seriesId,
  groupsOf: areaOf,
  async openSource(spec, context) {
    if (spec.startsWith('eia:')) return (await import('./eia.ts')).openEia(spec, context);
    return openLoadFolder(spec, context);
  },
};
