/**
 * Purpose: groups are what the domain says, and their totals add up.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '../../../../../../services/inference/plugins/app.ts';
import { groupsIn } from '../../../../../../services/inference/serving/group-totals.ts';
import { createFixture, domain, IDS, LENGTH } from '../../../../../fakes/inference.ts';

const grouped = {
  ...domain,
  groupsOf: (id: string) =>
    id === 'ü ☃'
      ? []
      : [
          { groupId: 'town', title: 'The town' },
          { groupId: /^\d/.test(id) ? 'numbered' : 'named', title: 'A part' },
        ],
};

let app: App;
beforeAll(async () => {
  app = await createFixture().build({ domain: grouped });
});
afterAll(() => app.close());
const get = async (url: string) => (await app.inject(url)).json();
const sum = (values: number[]) => values.reduce((total, one) => total + one, 0);

describe('GET /v1/groups', () => {
  test('lists the total first, and each group inside its parent', async () => {
    const { groups } = await get('/v1/groups');
    const shown = groups.map(({ groupId, parent }: Record<string, unknown>) => [groupId, parent]);
    expect(shown[0]).toEqual(['all', null]);
    expect(shown).toContainEqual(['town', 'all']);
    expect(shown).toContainEqual(['numbered', 'town']);
    expect(groups[0].seriesIds).toEqual([...IDS].sort());
    expect(groups.at(-1).seriesIds).not.toContain('ü ☃');
  });

  test.each([['all'], ['A part'], ['twice']])(
    'refuses a group "%s" that would count a series wrongly',
    (groupId) => {
      const groupsOf = () => [
        { groupId: 'twice', title: 'One' },
        { groupId, title: 'Other' },
      ];
      const wrong = expect.objectContaining({ code: 'SETTINGS_INVALID' });
      expect(() => groupsIn({ ...domain, groupsOf }, ['74'])).toThrow(wrong);
    },
  );

  test('lists only the total for a domain without groups', async () => {
    const plain = await createFixture().build();
    const { groups } = (await plain.inject('/v1/groups')).json();
    expect(groups.map(({ groupId }: { groupId: string }) => groupId)).toEqual(['all']);
    await plain.close();
  });
});

describe('GET /v1/groups/{id}/forecast', () => {
  test('has a mean that is the sum of the means of its series', async () => {
    const { mean, series, withoutForecast, point } = await get('/v1/groups/numbered/forecast');
    const own = await Promise.all(['74', '75'].map((id) => get(`/v1/series/${id}/forecast`)));
    expect(mean[3]).toBeCloseTo(own[0].mean[3] + own[1].mean[3], 3);
    expect([series, withoutForecast, point]).toEqual([2, [], 'mean']);
  });

  test('sums over groups that partition the series, and over the steps of windows', async () => {
    const of = (id: string, query = '') => get(`/v1/groups/${id}/forecast${query}`);
    const [town, numbered, named] = await Promise.all(
      ['town', 'numbered', 'named'].map((id) => of(id)),
    );
    expect(sum(town.mean)).toBeCloseTo(sum(numbered.mean) + sum(named.mean), 2);
    const day = await of('town', '?window=1d');
    expect(day.mean[0]).toBeCloseTo(sum(town.mean), 2);
    const shifts = await of('town', '?window=8h');
    expect([shifts.window, shifts.timestamps.length]).toEqual(['PT8H', 3]);
    expect(shifts.timestamps[1]).toBe(town.timestamps[8]);
    // A band of a sum is no wider than the sum of the bands.
    const widthOf = (one: { quantiles: Record<string, number[]> }) =>
      sum(one.quantiles['0.9'] as number[]) - sum(one.quantiles['0.1'] as number[]);
    expect(widthOf(shifts)).toBeLessThanOrEqual(widthOf(town) * 1.001);
    expect((await of('all')).withoutForecast).toEqual(['dead']);
  });

  test('is an error where no series of the group has a forecast', async () => {
    const groupsOf = (id: string) => (id === 'dead' ? [{ groupId: 'gone', title: 'Gone' }] : []);
    const own = await createFixture().build({ domain: { ...domain, groupsOf } });
    for (const what of ['forecast', 'paths', 'decision?capacity=3']) {
      const response = await own.inject(`/v1/groups/gone/${what}`);
      expect([what, response.json().code]).toEqual([what, 'HISTORY_TOO_SHORT']);
      expect(response.statusCode).toBe(422);
    }
    await own.close();
  });

  test('has a history that is the sum over its series', async () => {
    const { history } = await get('/v1/groups/numbered/forecast?history=3');
    const own = await Promise.all(
      ['74', '75'].map((id) => get(`/v1/series/${id}/forecast?history=3`)),
    );
    expect(history.timestamps).toEqual(own[0].history.timestamps);
    for (const [i, value] of history.values.entries())
      expect(value).toBeCloseTo(own[0].history.values[i] + own[1].history.values[i], 4);
    // A series without a forecast is no part of it.
    const all = await get('/v1/groups/all/forecast?history=2000');
    expect(all.history.values).toHaveLength(LENGTH);
    expect(all.history.values).not.toContain(null);
    expect(await get('/v1/groups/all/forecast')).not.toHaveProperty('history');
  });

  test('has levels, peak and the probability to exceed a capacity', async () => {
    const url = '/v1/groups/all/forecast?levels=80&capacity=';
    const { quantiles, peak, exceeds } = await get(`${url}0`);
    expect(Object.keys(quantiles)).toEqual(['0.1', '0.5', '0.9']);
    expect(sum(peak.probability)).toBeCloseTo(1, 4);
    expect(exceeds.anyWindow).toBe(1);
    const rare = await get(`${url}1000000.5`);
    expect([rare.exceeds.capacity, rare.exceeds.anyWindow]).toEqual([1000000.5, 0]);
  });

  test.each([
    ['/v1/groups/nowhere/forecast', 'GROUP_UNKNOWN'],
    ['/v1/groups/all/forecast?window=25h', 'WINDOW_INVALID'],
    ['/v1/groups/all/forecast?levels=80,99.9', 'LEVEL_UNKNOWN'],
    ['/v1/groups/all/forecast?window=90m', 'WINDOW_INVALID'],
    ['/v1/groups/all/forecast?window=soon', 'REQUEST_INVALID'],
    ['/v1/groups/all/forecast?capacity=-1', 'REQUEST_INVALID'],
  ])('%s is %s', async (url, code) => {
    expect((await get(url)).code).toBe(code);
  });

  test('gives the same total in another replica for the same model and snapshot', async () => {
    const other = await createFixture().build({ domain: grouped });
    const here = await get('/v1/groups/town/forecast');
    const there = (await other.inject('/v1/groups/town/forecast')).json();
    expect({ ...there, issuedAt: null }).toEqual({ ...here, issuedAt: null });
    await other.close();
  });
});
