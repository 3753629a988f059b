/**
 * Purpose: the electricity domain: hourly load of the regions of a grid, as PJM publishes it.
 * Invariants: one row is one measured hour; an hour without a row is unknown, never zero.
 * Fails: `openSource` with SOURCE_NOT_FOUND or SOURCE_INVALID.
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
  openSource: (spec, context) => openLoadFolder(spec, context),
};
