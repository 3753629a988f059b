import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CitySource, openCity } from '../../../../domains/taxi/city.ts';
import { taxi } from '../../../../domains/taxi/definition.ts';
import { type FeatureFixture, featureFixture, utc } from '../../../fixtures/feature-fixture.ts';

const HOUR = 3_600_000;
const SPEC = 'city:seed=7,months=1,places=5';
let bench: FeatureFixture;
beforeEach(async () => {
  bench = await featureFixture(taxi, '2026-03-20T10:30:00Z');
});
afterEach(() => bench.remove());
const open = (spec = SPEC): Promise<CitySource> => openCity(spec, bench.context);

describe('simulated city', () => {
  test('writes a file per local month, then one per later span, and changes none', async () => {
    const names = async () => (await (await open()).parts()).map(({ name }) => name);
    expect(await names()).toEqual([
      'city_tripdata_2026-02-01T05_2026-03-01T05.parquet',
      'city_tripdata_2026-03-01T05_2026-03-20T10.parquet',
    ]);
    const before = (await (await open()).parts()).map(({ fingerprint }) => fingerprint);
    bench.clock.advance(HOUR);
    expect((await names()).slice(2)).toEqual(['city_tripdata_2026-03-20T10_2026-03-20T11.parquet']);
    bench.clock.advance(13 * 24 * HOUR);
    const parts = await (await open()).parts();
    // The month ends at New York's midnight, by then in daylight time.
    expect(parts.slice(3).map(({ name }) => name)).toEqual([
      'city_tripdata_2026-03-20T11_2026-04-01T04.parquet',
      'city_tripdata_2026-04-01T04_2026-04-02T11.parquet',
    ]);
    expect(parts.slice(0, 2).map(({ fingerprint }) => fingerprint)).toEqual(before);
    for (let i = 1; i < parts.length; i++)
      expect(parts[i].span!.start).toBe(parts[i - 1].span!.end);
  });

  test('is determined by its seed', async () => {
    const [one, same, other] = await Promise.all([
      open(),
      open(),
      open('city:seed=8,months=1,places=5'),
    ]);
    const at = utc('2026-03-10T15');
    const [place] = one.demand.places;
    expect(same.mean(place.seriesId, at)).toBe(one.mean(place.seriesId, at));
    expect(other.demand.places.map(({ seriesId }) => seriesId)).not.toEqual(
      one.demand.places.map(({ seriesId }) => seriesId),
    );
    expect(() => one.mean('999', at)).toThrow(RangeError);
  });

  test('has a calibrated oracle: means agree and quantiles cover their share', async () => {
    const city = await open('city:seed=7,months=1,places=20');
    let [difference, variance] = [0, 0];
    for (const place of city.demand.places) {
      const below = [0, 0, 0];
      const [low, high] = [
        [0, 0, 0],
        [0, 0, 0],
      ];
      let hours = 0;
      for (let t = utc('2026-03-01T00'); t < utc('2026-05-01T00'); t += HOUR, hours++) {
        const count = city.demand.count(place, t);
        const mean = city.mean(place.seriesId, t);
        difference += count - mean;
        variance += mean + mean ** 2 / place.size;
        for (const [i, quantile] of [0.1, 0.5, 0.9].entries()) {
          const value = city.oracle(place.seriesId, t, quantile);
          if (count <= value) below[i]++;
          if (count < value) low[i]++;
          high[i]++;
        }
      }
      // Counts are steps: P(X < q) ≤ quantile ≤ P(X ≤ q), within four standard errors.
      for (const [i, quantile] of [0.1, 0.5, 0.9].entries()) {
        const slack = 4 * Math.sqrt((quantile * (1 - quantile)) / hours);
        expect(below[i] / hours).toBeGreaterThanOrEqual(quantile - slack);
        expect(low[i] / high[i]).toBeLessThanOrEqual(quantile + slack);
      }
    }
    expect(Math.abs(difference)).toBeLessThan(4 * Math.sqrt(variance));
  });

  test.each(['city:seed=x', 'city:months=0', 'city:places=264', 'city:size=3'])(
    'refuses %s',
    async (spec) => {
      await expect(taxi.openSource(spec, bench.context)).rejects.toMatchObject({
        code: 'SOURCE_INVALID',
      });
    },
  );

  test('has one to two million trips by default, from busy to sparse places', async () => {
    const { demand } = await open('city');
    const means = demand.places.map(({ base }) => base);
    expect(Math.max(...means)).toBeGreaterThan(35);
    expect(Math.min(...means)).toBeLessThan(0.06);
    const trips = means.reduce((sum, mean) => sum + mean, 0) * 24 * 285;
    expect(trips).toBeGreaterThan(1_000_000);
    expect(trips).toBeLessThan(2_000_000);
  });
});
