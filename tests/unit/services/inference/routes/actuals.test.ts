/**
 * Purpose: actuals that clients post are kept whole, once, with the time they came; and nothing
 * that is wrong is kept.
 * Invariants: a real log on a store in memory.
 * Fails: with the response, or the entry, that was not expected.
 */
import { describe, expect, test } from '@jest/globals';
import { createPanel } from '../../../../../forecasting/panel/panel.ts';
import { encodeChecksummedJson } from '../../../../../platform/files/checksummed-json.ts';
import { TABLE_TYPES } from '../../../../../platform/tables/table.ts';
import type { AppOptions } from '../../../../../services/inference/app-options.ts';
import { actualsTable } from '../../../../../services/inference/responses/actuals-response.ts';
import type { Serving } from '../../../../../services/inference/serving/build-serving-snapshot.ts';
import { truthOf } from '../../../../../services/monitoring/scoring/truth.ts';
import { collectActuals } from '../../../../../storage/forecasts/actuals-gc.ts';
import { openActualsLog } from '../../../../../storage/forecasts/actuals-log.ts';
import { CUTOFF, createFixture, domain, HOUR, NOW } from '../../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';
import { rowsOf } from '../../../../fixtures/inference/table-rows.ts';

async function open({ maxBytes, ...more }: Partial<AppOptions> & { maxBytes?: number } = {}) {
  const store = memoryObjectStore();
  const actuals = openActualsLog({ store, domain: 'demo', ...(maxBytes ? { maxBytes } : {}) });
  const { build, clock } = createFixture();
  const app = await build({ actuals, ...more });
  const post = (payload: object, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: '/v1/actuals', payload, headers });
  return { app, store, actuals, clock, post };
}
const iso = (timestamp: number) => new Date(timestamp).toISOString().replace('.000Z', 'Z');
const body = { actuals: [{ seriesId: '74', start: iso(CUTOFF - HOUR), values: [12, null] }] };

describe('POST /v1/actuals', () => {
  test('stores one entry with its time; the same post again is the same entry', async () => {
    const { app, actuals, clock, post } = await open();
    const first = await post(body);
    expect(first.json()).toMatchObject({
      isNew: true,
      availableAt: new Date(NOW).toISOString(),
      series: 1,
      values: 1,
    });
    expect(first.headers['cache-control']).toBe('no-store');
    clock.advance(HOUR);
    const again: object = (await post(body)).json();
    expect(again).toEqual({ ...(first.json() as object), isNew: false });
    const entries = await actuals.entries();
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      availableAt: NOW,
      frequencyMinutes: 60,
      actuals: [{ seriesId: '74', start: CUTOFF - HOUR, values: [12, null] }],
    });
    // A correction is another fact: it is stored next to the first.
    await post({ actuals: [{ ...body.actuals[0], values: [13, null] }] });
    expect((await actuals.entries()).map(({ availableAt }) => availableAt)).toEqual([
      NOW,
      NOW + HOUR,
    ]);
    expect(await actuals.entries({ from: NOW + 1 })).toHaveLength(1);
    expect(await actuals.entries({ until: NOW + 1 })).toHaveLength(1);
    expect((await actuals.verify()).problems).toEqual([]);
    await app.close();
  });

  test('takes a value that is corrected and corrected back for a post of its own', async () => {
    const { app, actuals, clock, post } = await open();
    const posting = (value: number) => ({ actuals: [{ ...body.actuals[0], values: [value] }] });
    const elsewhere = { actuals: [{ ...body.actuals[0], start: iso(CUTOFF - 9 * HOUR) }] };
    const news: boolean[] = [];
    for (const one of [
      posting(10),
      elsewhere,
      posting(10),
      posting(12),
      posting(10),
      posting(10),
    ]) {
      clock.advance(1000);
      news.push((await post(one)).json().isNew);
    }
    expect(news).toEqual([true, true, false, true, true, false]);
    const start = CUTOFF - HOUR;
    const panel = createPanel({
      ...{ seriesIds: ['74'], start: start - HOUR, frequencyMinutes: 60, length: 1 },
      columns: { target: Float32Array.of(3) },
    });
    expect(truthOf(panel, await actuals.entries()).actualAt('74', start)).toBe(10);
    expect((await actuals.verify()).problems).toEqual([]);
    await app.close();
  });

  test('accepts a retry with an Idempotency-Key and refuses it for other content', async () => {
    const { app, actuals, post } = await open();
    const key = { 'idempotency-key': 'order-17' };
    const [a, b] = await Promise.all([post(body, key), post(body, key)]);
    expect([a.json().isNew, b.json().isNew].sort()).toEqual([false, true]);
    const other = await post({ actuals: [{ ...body.actuals[0], values: [1, 2] }] }, key);
    expect([other.statusCode, other.json().code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
    expect(await actuals.entries()).toHaveLength(1);
    const long = await post(body, { 'idempotency-key': 'x'.repeat(129) });
    expect([long.statusCode, long.json().code]).toEqual([400, 'REQUEST_INVALID']);
    await app.close();
  });

  test('scopes an Idempotency-Key to the client that sent it', async () => {
    const { actuals } = await open();
    const entry = { receivedAt: NOW, frequencyMinutes: 60, idempotencyKey: 'order-17' };
    const spans = (value: number) => [{ seriesId: '74', start: CUTOFF, values: [value] }];
    for (const [client, value] of [
      ['a', 1],
      ['b', 2],
      [null, 3],
    ] as const)
      expect((await actuals.append({ ...entry, client, actuals: spans(value) })).isNew).toBe(true);
    expect((await actuals.append({ ...entry, client: 'b', actuals: spans(2) })).isNew).toBe(false);
    await expect(
      actuals.append({ ...entry, client: 'a', actuals: spans(2) }),
    ).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  test('stores entries about as large as the post, and reads entries of format 1', async () => {
    const { app, store, actuals, post } = await open();
    const span = { ...body.actuals[0], start: iso(CUTOFF - 999 * HOUR) };
    const large = {
      actuals: [{ ...span, values: Array.from({ length: 1000 }, (_, i) => i % 60) }],
    };
    expect((await post(large)).json().values).toBe(1000);
    const [stored] = await store.listDetails('actuals/demo/');
    expect(stored!.bytes).toBeLessThan(JSON.stringify(large).length * 1.2);
    const name = '0'.repeat(64);
    const old = {
      ...{
        format: 1,
        domain: 'demo',
        name,
        availableAt: 5,
        contentHash: 'x',
        frequencyMinutes: 60,
      },
      actuals: [{ seriesId: '75', start: 0, values: [1, null] }],
    };
    store.objects.set(`actuals/demo/${name}.json`, encodeChecksummedJson(old));
    expect((await actuals.entries())[0]).toMatchObject({ availableAt: 5, actuals: old.actuals });
    expect((await actuals.verify()).problems).toEqual([]);
    await app.close();
  });

  test('garbage collection removes entries after their retention', async () => {
    const { app, store, actuals, post } = await open();
    await post(body);
    const writtenAt = (await store.listDetails('actuals/demo/'))[0]!.writtenAt;
    const collect = (before: number, remove: boolean) =>
      collectActuals(store, 'demo', { before, remove });
    expect(await collect(writtenAt, true)).toEqual([]);
    expect(await collect(writtenAt + 1, false)).toHaveLength(1);
    expect(await actuals.entries()).toHaveLength(1);
    await collect(writtenAt + 1, true);
    expect(await actuals.entries()).toEqual([]);
    await app.close();
  });

  test('a flipped bit is found by reading and by verify', async () => {
    const { app, store, actuals, post } = await open();
    await post(body);
    const [key] = await store.list('actuals/demo/');
    const bytes = Buffer.from(await store.get(key));
    bytes[40] ^= 1;
    const torn = openActualsLog({ store: { ...store, get: async () => bytes }, domain: 'demo' });
    await expect(torn.entries()).rejects.toMatchObject({ code: 'STORE_CORRUPT', where: key });
    expect((await torn.verify()).problems).toHaveLength(1);
    expect((await actuals.verify()).problems).toEqual([]);
    await app.close();
  });
});

describe('refused actuals', () => {
  test.each([
    ['an unknown series', { seriesId: 'typo' }, 404, 'SERIES_UNKNOWN'],
    ['a start off the grid', { start: iso(CUTOFF - HOUR / 2) }, 422, 'ACTUALS_INVALID'],
    ['an interval that has not ended', { start: iso(CUTOFF) }, 422, 'ACTUALS_INVALID'],
    ['a day that does not exist', { start: '2026-02-30T00:00:00Z' }, 422, 'ACTUALS_INVALID'],
    ['a negative count', { values: [-1] }, 422, 'ACTUALS_INVALID'],
    ['infinity', { values: [1e300] }, 422, 'ACTUALS_INVALID'],
    ['a value of another unit', { values: [12_000_000] }, 422, 'ACTUALS_INVALID'],
    ['an interval of years ago', { start: '2021-01-01T00:00:00Z' }, 422, 'ACTUALS_INVALID'],
    ['another value of the same interval', { values: [13] }, 422, 'ACTUALS_INVALID'],
    ['no value', { values: [] }, 400, 'REQUEST_INVALID'],
    ['text', { values: ['1'] }, 400, 'REQUEST_INVALID'],
    ['an unknown member', { value: 1 }, 400, 'REQUEST_INVALID'],
  ])('refuses the whole post for %s', async (_title, change, status, code) => {
    const { app, actuals, post } = await open();
    const response = await post({ actuals: [...body.actuals, { ...body.actuals[0], ...change }] });
    if (status === 422) expect(response.json().detail).toContain('actuals[1]');
    expect([response.statusCode, response.json().code]).toEqual([status, code]);
    expect(response.json().fix).toMatch(/\w/);
    expect(await actuals.entries()).toEqual([]);
    await app.close();
  });

  test('refuses a fraction in a domain of whole numbers', async () => {
    const { app, post } = await open({ domain: { ...domain, integerValued: true } });
    const response = await post({ actuals: [{ ...body.actuals[0], values: [0.5] }] });
    expect([response.statusCode, response.json().code]).toEqual([422, 'ACTUALS_INVALID']);
    expect((await post(body)).statusCode).toBe(200);
    await app.close();
  });

  test('refuses posts above the budget or the rate', async () => {
    const { app, actuals, post } = await open({
      maxBytes: 500,
      settings: { ...createFixture().options.settings, rateLimitPerMinute: 30 },
    });
    expect((await post(body)).statusCode).toBe(200);
    expect((await post(body)).json().isNew).toBe(false);
    const full = await post({ actuals: [{ ...body.actuals[0], values: [1] }] });
    expect([full.statusCode, full.json().code]).toEqual([507, 'STORE_FULL']);
    expect(full.json().fix).toContain('HEADWAY_ACTUALS_MB');
    expect((await post(body)).statusCode).toBe(429);
    expect((await app.inject('/v1/model')).statusCode).toBe(200);
    expect(await actuals.entries()).toHaveLength(1);
    await app.close();
  });

  test('refuses an interval that is over in UTC, and not by the clock of its days', async () => {
    const west = await open({ domain: { ...domain, dayTimeZone: 'Etc/GMT+5' } });
    const early = await west.post(body);
    expect([early.statusCode, early.json().code]).toEqual([422, 'ACTUALS_INVALID']);
    west.clock.advance(6 * HOUR);
    expect((await west.post(body)).statusCode).toBe(200);
    await west.app.close();
  });

  test('posts at the same time share the budget', async () => {
    const { app, actuals, post } = await open({ maxBytes: 1500 });
    const posts = Array.from({ length: 20 }, (_, at) =>
      post({ actuals: [{ ...body.actuals[0], values: [at] }] }),
    );
    const codes = (await Promise.all(posts)).map(({ statusCode }) => statusCode);
    expect(new Set(codes)).toEqual(new Set([200, 507]));
    const stored = (await actuals.entries()).length;
    expect(codes.filter((code) => code === 200)).toHaveLength(stored);
    expect(stored).toBeLessThan(8);
    await app.close();
  });

  test('refuses every post if the service does not store actuals', async () => {
    const app = await createFixture().build();
    const response = await app.inject({ method: 'POST', url: '/v1/actuals', payload: body });
    expect([response.statusCode, response.json().code]).toEqual([403, 'ACTUALS_OFF']);
    expect(response.json().fix).toContain('HEADWAY_ACTUALS=on');
    await app.close();
  });
});

describe('tables of actuals', () => {
  test.each(['arrow', 'parquet'] as const)('%s: hold the rows of the pages', async (format) => {
    const { app } = await open();
    const until = '2026-02-25T00:00:00Z';
    const url = `/v1/actuals?until=${until}`;
    const accept = TABLE_TYPES[format];
    const response = await app.inject({ url, headers: { accept } });
    expect(response.headers['content-type']).toBe(accept);
    const rows = await rowsOf(response.rawPayload, format);
    const { series, timestamps } = (await app.inject(url)).json();
    expect(rows).toEqual(
      series.flatMap(({ seriesId, values }: { seriesId: string; values: (number | null)[] }) =>
        values.map((value, i) => ({
          unique_id: seriesId,
          ds: Date.parse(timestamps[i]),
          y: value === null ? null : expect.closeTo(value, 4),
        })),
      ),
    );
    const paged = await app.inject({ url: `${url}&limit=2`, headers: { accept } });
    expect(paged.json()).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    const strange = await app.inject({ url, headers: { accept: 'image/png' } });
    expect(strange.json()).toMatchObject({ status: 406, code: 'NOT_ACCEPTABLE' });
    await app.close();
  });

  test('have their own rate limit, below that of pages', async () => {
    const { options } = createFixture();
    const { app } = await open({ settings: { ...options.settings, rateLimitPerMinute: 20 } });
    const statuses = async (accept: string, times: number) => {
      const all: number[] = [];
      for (let i = 0; i < times; i++)
        all.push((await app.inject({ url: '/v1/actuals', headers: { accept } })).statusCode);
      return all;
    };
    expect(await statuses('application/json', 5)).toEqual(Array(5).fill(200));
    expect(await statuses(TABLE_TYPES.arrow, 3)).toEqual([200, 200, 429]);
    expect(await statuses('application/json', 16)).toEqual([...Array(15).fill(200), 429]);
    await app.close();
  });

  test('of too many rows are refused with the number of intervals that fit', async () => {
    const { app } = await open();
    const serving = app.serving.current() as Serving;
    const from = iso(CUTOFF - 100 * HOUR);
    const series = serving.snapshot.sortedIds.length;
    expect(actualsTable(serving, { from }, 101 * series)[0]).toMatchObject({ name: 'unique_id' });
    expect(() => actualsTable(serving, { from }, 101 * series - 1)).toThrow(
      'ask for at most 100 intervals at once',
    );
    await app.close();
  });
});
