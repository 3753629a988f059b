/**
 * Purpose: the weather domain: temperature by the hour in some cities, from Open-Meteo's free API
 * (no key), or from files as it gives them.
 * Invariants: values are signed, in degrees Celsius at full hours of UTC; an hour that the service
 * does not know is unknown.
 * Fails: SOURCE_INVALID for a city that is not in the list, SOURCE_UNAVAILABLE where the service
 * does not respond.
 */
import type { Domain } from '../domain.ts';
import { openSample } from '../sources/sample.ts';
import { openTable, tableDomain } from '../sources/table.ts';
import type { Table } from '../sources/table-declaration.ts';

const table: Table = {
  skipLines: 3, // where the place is, and an empty line
  time: 'time',
  clock: 'UTC',
  // All of the name but the dates: new-york_2024-01-01_2024-12-31.csv
  series: { files: /([^/]+?)(?:[_-]\d{4}(?:-\d{2}){0,2}){0,2}\.[a-z]+(?:\.gz)?$/i },
  value: 'temperature_2m (°C)',
};

export const weather: Domain = tableDomain({
  name: 'weather',
  title: 'Temperature in European cities',
  unit: '°C',
  seriesNoun: 'city',
  frequencyMinutes: 60,
  timeZone: 'UTC',
  seasonLengths: [24], // a week means nothing to the weather
  horizon: 24,
  missing: 'unknown',
  nonNegative: false,
  scale: 'interval', // 0 °C is no absence of warmth
  defaultSource: 'sample',
  quickSource: 'sample',
  table,
  async openSource(spec, context) {
    const open = (folder: string) => openTable(table, folder, context);
    if (spec === 'sample') return openSample((await import('./sample.ts')).sample, context, open);
    if (!/^open-meteo(:|$)/.test(spec)) return open(spec);
    return (await import('./open-meteo.ts')).openOpenMeteo(spec, context, open);
  },
});
