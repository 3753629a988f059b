/**
 * Purpose: sample rentals of twenty stations, in quarterly files like the real ones.
 * Invariants: season, weekday and a common weather; one station opens a year after the others.
 * Fails: as writing files does.
 */
import { seededRandom, seedFrom } from '../../platform/random.ts';
import { count, draw, type Sample, type SampleDay, spell } from '../sources/sample.ts';

export const sample: Sample = {
  years: 2,
  header: 'Trip id,Starttime,From station id',
  lines: rentals,
};

function* rentals(days: readonly SampleDay[]): Generator<[string, string]> {
  for (const [at, { date, number, season }] of days.entries()) {
    const file = `healthy-ride-rentals-${date.year}-q${Math.ceil(date.month / 3)}.csv`;
    for (let station = 1000; station < (at < 365 ? 1019 : 1020); station++) {
      const random = seededRandom(seedFrom('bikes', station, number));
      const busy = 1 + 6 * draw('busy', station);
      const weekend = date.dayOfWeek < 6 ? 1 : draw('leisure', station) > 0.5 ? 1.5 : 0.6;
      const mean = busy * weekend * Math.exp(0.8 * season + 0.8 * spell('weather', number));
      for (let left = count(mean, random); left > 0; left--) {
        const time = `${7 + Math.floor(14 * random())}:${String(10 + left).slice(-2)}`;
        yield [
          file,
          `${number}${station}${left},${date.month}/${date.day}/${date.year} ${time},${station}`,
        ];
      }
    }
  }
}
