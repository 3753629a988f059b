/**
 * Purpose: a decision is the quantile of the same total that GET /v1/groups shows.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '../../../../../../services/inference/plugins/app.ts';
import { createFixture } from '../../../../../fakes/inference.ts';

let app: App;
beforeAll(async () => {
  app = await createFixture().build();
});
afterAll(() => app.close());
const get = async (url: string) => (await app.inject(url)).json();

describe('GET /v1/series/{id}/decision and GET /v1/groups/{id}/decision', () => {
  test('equal costs give the median of the total, costly shortages more', async () => {
    const { quantiles } = await get('/v1/groups/all/forecast?window=12h&levels=80');
    const even = await get('/v1/groups/all/decision?under=2&over=2&window=12h');
    expect([even.quantile, even.quantity]).toEqual([0.5, quantiles['0.5']]);
    const dear = await get('/v1/groups/all/decision?under=9&over=1&window=12h');
    expect([dear.quantile, dear.quantity]).toEqual([0.9, quantiles['0.9']]);
  });

  test('decides for one series with a capacity', async () => {
    const { quantity, seriesId, title, exceeds } = await get(
      '/v1/series/74/decision?under=1&over=1&capacity=0',
    );
    const { quantiles } = await get('/v1/series/74/forecast');
    expect([seriesId, title, exceeds.anyWindow]).toEqual(['74', 'North Harbour', 1]);
    for (const [k, value] of quantity.entries())
      expect(Math.abs(value / quantiles['0.5'][k] - 1)).toBeLessThan(0.05);
  });

  test('accepts a capacity with all digits of a double', async () => {
    for (const capacity of ['1.4500000000000002', '123456789012345680000', '1e-7', '2.5E3']) {
      const { exceeds } = await get(`/v1/series/74/decision?under=1&over=1&capacity=${capacity}`);
      expect(exceeds.capacity).toBe(Number(capacity));
    }
  });

  test.each([
    ['series/nobody/decision?under=1&over=1', 'SERIES_UNKNOWN'],
    ['series/dead/decision?under=1&over=1', 'HISTORY_TOO_SHORT'],
    ['groups/nowhere/decision?under=1&over=1', 'GROUP_UNKNOWN'],
    ['groups/all/decision?under=1&over=1&window=2d', 'WINDOW_INVALID'],
    ['groups/all/decision?under=0&over=0', 'REQUEST_INVALID'],
    ['groups/all/decision?under=-1', 'REQUEST_INVALID'],
  ])('%s is %s', async (path, code) => {
    expect((await get(`/v1/${path}`)).code).toBe(code);
  });
});
