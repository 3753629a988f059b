/**
 * Purpose: the taxi domain: trips per hour in each of New York's taxi zones.
 * Invariants: one row of a trip file is one trip; an hour without a trip is a true zero.
 * Fails: `openSource` with SOURCE_NOT_FOUND, SOURCE_INVALID or SOURCE_UNAVAILABLE.
 */
import type { Domain } from '../domain.ts';
import { expectations } from './expectations.ts';
import { TIME_ZONE, WEATHER_COLUMNS } from './names.ts';
import { boroughOf } from './zones/boroughs.ts';

export const taxi: Domain = {
  name: 'taxi',
  title: 'Taxi demand in New York City',
  unit: 'trips per hour',
  seriesNoun: 'zone',
  frequencyMinutes: 60,
  timeZone: TIME_ZONE,
  seasonLengths: [24, 168],
  horizon: 24,
  quantiles: [0.1, 0.5, 0.9],
  missing: 'zero',
  nonNegative: true,
  integerValued: true,
  holidays: { country: 'US', state: 'NY' },
  // Daily weather, where --exogenous names it.
  pastExogenous: WEATHER_COLUMNS,
  futureExogenous: [],
  expectations,
  defaultSource: 'city',
  quickSource: 'city:months=4,places=24',
  seriesTitle: (seriesId) => `Zone ${seriesId}`,
  groupsOf: boroughOf,
  async openSource(spec, context) {
    // Sources are imported when one is opened: most commands read no raw data.
    if (spec === 'city' || spec.startsWith('city:'))
      return (await import('./city.ts')).openCity(spec, context);
    if (spec.startsWith('tlc:'))
      return (await import('./download-source.ts')).openDownloads(spec, context);
    return (await import('./folder-source.ts')).openFolder(spec, context);
  },
  openStream: async () => (await import('./stream-format.ts')).tripEvents(),
  openExogenous: async (spec) => (await import('./weather.ts')).openWeather(spec),
};
