/**
 * Purpose: a few sample paths are the first of those that totals are of.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '../../../../../../services/inference/plugins/app.ts';
import { createFixture, domain } from '../../../../../fakes/inference.ts';

let app: App;
beforeAll(async () => {
  const pair = { groupId: 'pair', title: 'Both' };
  const groupsOf = (id: string) => (/^\d/.test(id) ? [pair] : []);
  app = await createFixture().build({ domain: { ...domain, groupsOf } });
});
afterAll(() => app.close());
const get = async (url: string) => (await app.inject(url)).json();

describe('GET …/paths', () => {
  test('a path of a group is the sum of the paths of its series', async () => {
    const [group, ...own] = await Promise.all(
      ['groups/pair', 'series/74', 'series/75'].map((id) => get(`/v1/${id}/paths?count=3`)),
    );
    expect([group.groupId, group.seriesId, own[0].seriesId]).toEqual(['pair', null, '74']);
    expect(group.paths.map((path: number[]) => path.length)).toEqual([24, 24, 24]);
    for (const [n, path] of group.paths.entries())
      for (const [k, value] of path.entries())
        expect(value).toBeCloseTo(own[0].paths[n][k] + own[1].paths[n][k], 2);
  });

  test('fewer paths are the first of more, and all have the mean of the forecast', async () => {
    const few = await get('/v1/series/74/paths');
    const all = await get('/v1/series/74/paths?count=400');
    expect(few.paths).toEqual(all.paths.slice(0, 10));
    const { mean, timestamps } = await get('/v1/series/74/forecast');
    expect(all.timestamps).toEqual(timestamps);
    const first = all.paths.reduce((sum: number, path: number[]) => sum + (path[0] as number), 0);
    expect(first / 400).toBeCloseTo(mean[0], 3);
  });

  test.each([
    ['series/nobody/paths', 'SERIES_UNKNOWN'],
    ['series/dead/paths', 'HISTORY_TOO_SHORT'],
    ['groups/nowhere/paths', 'GROUP_UNKNOWN'],
    ['groups/all/paths?count=401', 'REQUEST_INVALID'],
    ['series/74/paths?count=0', 'REQUEST_INVALID'],
  ])('%s is %s', async (path, code) => {
    expect((await get(`/v1/${path}`)).code).toBe(code);
  });
});
