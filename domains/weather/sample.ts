/**
 * Purpose: sample temperatures of six cities, in files like Open-Meteo's.
 * Invariants: a year, a day, and spells that all cities share; below zero in winter.
 * Fails: as writing files does.
 */
import { draw, type Sample, type SampleDay, spell } from '../sources/sample.ts';

/** Mean of the year, and how far summer and winter lie from it. */
const CITIES = {
  athens: [19, 9],
  berlin: [10, 10],
  lisbon: [17, 6],
  london: [11, 7],
  oslo: [6, 12],
};
const HEADER = 'latitude,longitude,elevation\n50,10,100\n\ntime,temperature_2m (°C)';

export const sample: Sample = { years: 0, header: HEADER, lines: hours };

function* hours(days: readonly SampleDay[]): Generator<[string, string]> {
  for (const [city, [mean = 0, amplitude = 0]] of Object.entries(CITIES)) {
    for (const { date, number, season } of days) {
      for (let hour = 0; hour < 24; hour++) {
        const now = hour / 24;
        const spells = (1 - now) * spell('air', number) + now * spell('air', number + 1);
        const sun = (3 + 2 * season) * Math.sin(2 * Math.PI * (now - 0.375));
        const value = mean + amplitude * season + 8 * spells + sun + draw(city, number, hour);
        yield [`${city}.csv`, `${date}T${String(hour).padStart(2, '0')}:00,${value.toFixed(1)}`];
      }
    }
  }
}
