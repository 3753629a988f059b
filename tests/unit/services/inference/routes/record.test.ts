/** Purpose: what was served for past intervals, and what happened, over HTTP. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RecordResponse } from '../../../../../services/inference/openapi/record-schemas.ts';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import { createFixture, HOUR, IDS, NOW } from '../../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';
import { DAY_START, publish, sourcesOf } from '../../../../fixtures/published.ts';

const iso = (ms: number) => new Date(ms).toISOString();
const MINUTE = 60_000;
const RECORD = '/v1/series/74/record';
const store = memoryObjectStore();
let app: App;
beforeAll(async () => {
  await publish(store);
  app = await createFixture().build({ monitoring: sourcesOf(store) });
});
afterAll(() => app.close());

const record = async (query = ''): Promise<RecordResponse> =>
  (await app.inject(`${RECORD}${query}`)).json();

test('lists forecasts of the last week next to their actuals and errors', async () => {
  const body = await record();
  expect(body).toMatchObject({
    ...{ seriesId: '74', title: 'North Harbour', frequency: 'PT1H', scoredAt: iso(NOW) },
    // The end of the hour that is running.
    ...{ from: iso(NOW + 55 * MINUTE - 168 * HOUR), until: iso(NOW + 55 * MINUTE) },
  });
  expect([body.timestamps.length, body.timestamps[24], body.actuals[25]]).toEqual([
    48,
    iso(DAY_START),
    1,
  ]);
  expect(body.forecasts).toHaveLength(21);
  // Two days have a part of the first: hour -1 of the first day, and hours 0 to 2 of the second.
  expect(body.forecasts[0]).toMatchObject({
    ...{ start: iso(DAY_START - HOUR), step: 1, quantiles: { '0.5': [-2, -2, -2, -2] } },
    ...{ mean: [-1.5, -1.5, -1.5, -1.5], errors: [null, -2, -3, -4] },
  });
  expect(body.forecasts[20]).toMatchObject({
    ...{ cutoff: iso(DAY_START + 19 * HOUR), errors: [-1, -2, -3, null] },
  });
});

test('scores the pairs that are shown', async () => {
  // Hours 4 to 6 were forecast from 0 to 5 o'clock: errors of 1 to 4 hours, bands of two hours.
  const range = `?from=${iso(DAY_START + 4 * HOUR)}&until=${iso(DAY_START + 7 * HOUR)}`;
  const { score, forecasts, actuals } = await record(range);
  expect(actuals).toEqual([4, 5, 6]);
  expect(forecasts.map(({ step, errors }) => [step, errors])).toEqual([
    [4, [-4]],
    [3, [-3, -4]],
    [2, [-2, -3, -4]],
    [1, [-1, -2, -3]],
    [1, [-1, -2]],
    [1, [-1]],
  ]);
  expect(score).toEqual({ pairs: 12, mae: 2.5, bias: -2.5, coverage: 0.5, nominal: 0.8 });
});

test('the response of one interval is the same, and known by its ETag', async () => {
  const { build, clock } = createFixture();
  const own = await build({ monitoring: sourcesOf(store) });
  const first = await own.inject(RECORD);
  clock.advance(1234);
  const later = await own.inject(RECORD);
  clock.advance(1234);
  const headers = { 'if-none-match': String(later.headers.etag) };
  const again = await own.inject({ url: RECORD, headers });
  expect([first.statusCode, later.statusCode, again.statusCode]).toEqual([200, 200, 304]);
  await own.close();
});

test('the record is empty for a series without one and for a time before it', async () => {
  const id = encodeURIComponent(IDS[3] as string);
  const other = (await app.inject(`/v1/series/${id}/record`)).json();
  const early = await record('?from=2025-01-01T00:00:00Z&until=2025-01-02T00:00:00Z');
  for (const body of [other, early])
    expect(body).toMatchObject({
      ...{ scoredAt: null, score: null, timestamps: [], actuals: [], forecasts: [] },
    });
});

test.each([
  ['/v1/series/nope/record', 404, 'SERIES_UNKNOWN'],
  [`${RECORD}?from=2026-02-30T00:00:00Z`, 400, 'REQUEST_INVALID'],
  [`${RECORD}?from=yesterday`, 400, 'REQUEST_INVALID'],
  [`${RECORD}?from=${iso(NOW)}&until=${iso(NOW)}`, 400, 'REQUEST_INVALID'],
  [`${RECORD}?from=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z`, 400, 'REQUEST_INVALID'],
  [`${RECORD}?limit=3`, 400, 'REQUEST_INVALID'],
  ['/v1/actuals?seriesId=nope', 404, 'SERIES_UNKNOWN'],
  ['/v1/actuals?from=2026-01-01T00:00:00Z&until=2025-01-01T00:00:00Z', 400, 'REQUEST_INVALID'],
  ['/v1/actuals?from=2020-01-01T00:00:00Z', 400, 'REQUEST_INVALID'],
  ['/v1/actuals?cursor=%21', 400, 'REQUEST_INVALID'],
])('responds to %s with %i', async (url, status, code) => {
  const reply = await app.inject(url);
  expect([reply.statusCode, reply.json().code]).toEqual([status, code]);
});

test('responds 503 with the reason for a corrupt record', async () => {
  const torn = memoryObjectStore();
  await publish(torn);
  for (const key of torn.objects.keys()) torn.objects.set(key, new Uint8Array(3));
  const broken = await createFixture().build({ monitoring: sourcesOf(torn) });
  for (const url of [RECORD, '/v1/monitoring']) {
    const reply = await broken.inject(url);
    expect([reply.statusCode, reply.json().code]).toEqual([503, 'STORE_CORRUPT']);
  }
  await broken.close();
});

test('pages actuals by series, with null for unknown values', async () => {
  const first = (await app.inject('/v1/actuals?limit=2')).json();
  expect([first.total, first.timestamps.length, first.series.length]).toEqual([7, 24, 2]);
  const ids: string[] = first.series.map((one: { seriesId: string }) => one.seriesId);
  const rest = (await app.inject(`/v1/actuals?cursor=${first.nextCursor}`)).json();
  expect(rest.nextCursor).toBeNull();
  ids.push(...rest.series.map((one: { seriesId: string }) => one.seriesId));
  expect(ids).toEqual([...IDS].sort());
  const range = `from=${iso(DAY_START)}&until=${iso(DAY_START + 2 * HOUR)}`;
  const one = (await app.inject(`/v1/actuals?seriesId=74&${range}`)).json();
  const forecast = (await app.inject('/v1/series/74/forecast?history=24')).json();
  expect(one.series[0].values).toEqual(forecast.history.values.slice(0, 2));
  expect(one.timestamps).toEqual(forecast.history.timestamps.slice(0, 2));
  const dead = (await app.inject(`/v1/actuals?seriesId=dead&${range}`)).json();
  expect(dead.series[0].values).toEqual([null, null]);
});
