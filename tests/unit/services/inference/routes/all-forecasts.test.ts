/**
 * Purpose: all series at once, by level and horizon, as NDJSON, CSV and pages of JSON: the same
 * numbers as one by one.
 * Invariants: a stream is of one model and snapshot, whatever is swapped in while it is read; a
 * slow reader costs no memory.
 * Fails: with the unexpected response.
 */

import type { IncomingMessage } from 'node:http';
import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TABLE_TYPES } from '../../../../../platform/tables/table.ts';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import { forecastStream } from '../../../../../services/inference/responses/forecast-stream.ts';
import { preferredType } from '../../../../../services/inference/responses/media-type.ts';
import { startServer } from '../../../../../services/inference/server.ts';
import type { Serving } from '../../../../../services/inference/serving/build-serving-snapshot.ts';
import { NOTHING_SERVED } from '../../../../../services/inference/serving/served-forecasts.ts';
import { createFixture, domain, IDS, NOW } from '../../../../fakes/inference.ts';
import { rowsOf } from '../../../../fixtures/inference/table-rows.ts';

const { build } = createFixture();
let app: App;
beforeAll(async () => {
  app = await build();
});
afterAll(() => app.close());

const alive = [...IDS].sort().filter((id) => id !== 'dead');
const one = async (id: string, query: string) =>
  (await app.inject(`/v1/series/${encodeURIComponent(id)}/forecast${query}`)).json();

describe('formats of GET /v1/forecasts', () => {
  test('NDJSON: sends one forecast a line, omits and counts series without one', async () => {
    const response = await app.inject('/v1/forecasts?format=ndjson&horizon=3');
    expect(response.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    expect(response.headers['x-series-left-out']).toBe('1');
    const lines = response.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ seriesId }) => seriesId)).toEqual(alive);
    for (const line of lines) expect(line).toEqual(await one(line.seriesId, '?horizon=3'));
  });

  test('CSV: sends one row a series and step, and quotes ids where needed', async () => {
    const odd = await createFixture({ ids: ['74', 'a,"b"'] }).build();
    const response = await odd.inject('/v1/forecasts?format=csv&horizon=2&levels=80');
    const [head, ...rows] = response.body.trimEnd().split('\n');
    expect(head).toBe(
      'unique_id,ds,cutoff,q0.1,q0.5,q0.9,mean,model_version,snapshot_version,flags,fallback_reason,fallback_since',
    );
    expect(rows).toHaveLength(4);
    const alone = await odd.inject('/v1/series/74/forecast?horizon=2');
    const { quantiles: q, mean, timestamps, cutoff } = alone.json();
    expect(rows[1]).toBe(
      `74,${timestamps[1]},${cutoff},${q['0.1'][1]},${q['0.5'][1]},${q['0.9'][1]},${mean[1]},model-1,1-0f1e2d3c4b5a,,,`,
    );
    expect(rows[2]).toMatch(/^"a,""b""",/);
    await odd.close();
  });

  test('JSON: pages join without a gap', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (
        await app.inject(`/v1/forecasts?limit=2&horizon=1${cursor && `&cursor=${cursor}`}`)
      ).json();
      seen.push(
        ...page.forecasts.map(({ seriesId }: { seriesId: string }) => seriesId),
        ...page.withoutForecast,
      );
      expect(page.total).toBe(IDS.length);
      cursor = page.nextCursor ?? '';
    } while (cursor);
    expect(seen.sort()).toEqual([...IDS].sort());
  });

  test('labels a fallback in every line and row', async () => {
    const bare = await createFixture({ champion: null }).build();
    const lines = (await bare.inject('/v1/forecasts?format=ndjson')).body.trimEnd().split('\n');
    for (const line of lines) expect(JSON.parse(line).fallback.reason).toBe('NO_CHAMPION');
    const rows = (await bare.inject('/v1/forecasts?format=csv')).body
      .trimEnd()
      .split('\n')
      .slice(1);
    for (const row of rows) expect(row).toMatch(/,baseline-mean_4_weeks,.*,NO_CHAMPION,2026-/);
    expect((await bare.inject('/metrics')).body).toContain(
      `headway_fallback_total{reason="NO_CHAMPION"} ${2 * alive.length}`,
    );
    await bare.close();
  });

  test.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['text/csv', 'text/csv'],
    ['text/*;q=0.9, application/json;q=0.5', 'text/csv'],
    ['application/x-ndjson', 'application/x-ndjson'],
    ['application/xml, */*;q=0.1', 'application/json'],
    ['application/json;q=0, */*', 'application/x-ndjson'],
    ['application/vnd.apache.arrow.stream', 'application/vnd.apache.arrow.stream'],
    ['application/vnd.apache.parquet, */*;q=0.1', 'application/vnd.apache.parquet'],
    ['text/html', null],
    ['application/json;q=0', null],
    [';;,q=', null],
  ])('selects for Accept %j the type %j', async (accept, type) => {
    const offered = ['application/json', 'application/x-ndjson', 'text/csv'];
    expect(preferredType(accept, [...offered, ...Object.values(TABLE_TYPES)])).toBe(type);
    const response = await app.inject({
      url: '/v1/forecasts?horizon=1',
      headers: accept === undefined ? {} : { accept },
    });
    expect(response.statusCode).toBe(type === null ? 406 : 200);
    if (type !== null) expect(String(response.headers['content-type'])).toContain(type);
  });

  test('each format has its own ETag and responds 304 if it is known', async () => {
    const etags = [];
    for (const format of ['json', 'ndjson', 'csv', 'arrow', 'parquet']) {
      const { headers } = await app.inject(`/v1/forecasts?format=${format}`);
      expect(headers.vary).toBe('accept');
      etags.push(headers.etag);
      const again = await app.inject({
        url: `/v1/forecasts?format=${format}`,
        headers: { 'if-none-match': String(headers.etag) },
      });
      expect([again.statusCode, again.body]).toEqual([304, '']);
    }
    expect(new Set(etags).size).toBe(5);
  });

  test.each([
    ['?format=xml', 400, 'REQUEST_INVALID'],
    ['?format=ndjson&limit=5', 400, 'REQUEST_INVALID'],
    ['?format=arrow&limit=5', 400, 'REQUEST_INVALID'],
    ['?format=parquet&history=5', 400, 'REQUEST_INVALID'],
    ['?format=arrow&horizon=25', 400, 'HORIZON_INVALID'],
    ['?format=csv&horizon=25', 400, 'HORIZON_INVALID'],
    ['?format=csv&levels=95', 400, 'LEVEL_UNKNOWN'],
    ['?cursor=x', 400, 'REQUEST_INVALID'],
  ])('refuses %s before a line is sent', async (query, status, code) => {
    const response = await app.inject(`/v1/forecasts${query}`);
    expect([response.statusCode, response.json().code]).toEqual([status, code]);
  });
});

describe('tables of all series', () => {
  /** The rows of CSV and of a table, as text → value of the same columns. */
  async function both(of: App, format: 'arrow' | 'parquet', query: string) {
    const response = await of.inject(`/v1/forecasts?format=${format}${query}`);
    const { body } = await of.inject(`/v1/forecasts?format=csv${query}`);
    const [head = '', ...lines] = body.trimEnd().split('\n');
    return {
      response,
      head: head.split(','),
      lines,
      rows: await rowsOf(response.rawPayload, format),
    };
  }

  test.each(['arrow', 'parquet'] as const)(
    '%s: has the columns and rows of CSV, typed and not rounded',
    async (format) => {
      const { response, head, lines, rows } = await both(app, format, '&horizon=3&levels=80');
      expect(response.headers['content-type']).toBe(TABLE_TYPES[format]);
      expect(response.headers['x-series-left-out']).toBe('1');
      expect(rows).toHaveLength(lines.length);
      for (const [i, row] of rows.entries()) {
        expect(Object.keys(row)).toEqual(head);
        const numbers = ['q0.1', 'q0.5', 'q0.9', 'mean'];
        const shown = head.map((name) => {
          const value = row[name];
          if (value === null) return '';
          if (name === 'ds' || name === 'cutoff') return new Date(value as number).toISOString();
          return numbers.includes(name) ? Number((value as number).toPrecision(6)) : value;
        });
        expect(shown.join(',')).toBe(lines[i]);
      }
    },
  );

  test('label a fallback in every row and count it', async () => {
    const bare = await createFixture({ champion: null }).build();
    const { rows } = await both(bare, 'arrow', '&horizon=2');
    for (const row of rows)
      expect(row).toMatchObject({
        model_version: 'baseline-mean_4_weeks',
        fallback_reason: 'NO_CHAMPION',
        fallback_since: NOW,
      });
    expect((await bare.inject('/metrics')).body).toContain(
      `headway_fallback_total{reason="NO_CHAMPION"} ${2 * alive.length}`,
    );
    await bare.close();
  });
});

describe('tables of named series', () => {
  const post = (of: App, payload: object, accept: string) =>
    of.inject({ method: 'POST', url: '/v1/forecasts', payload, headers: { accept } });

  test.each(['arrow', 'parquet'] as const)(
    '%s: has the rows that these series have in the table of all',
    async (format) => {
      const accept = TABLE_TYPES[format];
      const whole = await app.inject('/v1/forecasts?format=arrow&horizon=3&levels=80');
      const all = await rowsOf(whole.rawPayload, 'arrow');
      const [first, second] = alive as [string, string];
      const rowsAbout = (id: string) => all.filter((row) => row.unique_id === id);
      const single = await app.inject({
        url: `/v1/series/${encodeURIComponent(first)}/forecast?horizon=3&levels=80`,
        headers: { accept },
      });
      expect(single.headers).toMatchObject({ 'content-type': accept, vary: 'accept' });
      expect(rowsAbout(first)).toHaveLength(3);
      expect(await rowsOf(single.rawPayload, format)).toEqual(rowsAbout(first));
      const asked = { seriesIds: [second, first], horizon: 3, levels: [80] };
      const several = await post(app, asked, accept);
      expect(several.headers['content-type']).toBe(accept);
      expect(await rowsOf(several.rawPayload, format)).toEqual([second, first].flatMap(rowsAbout));
    },
  );

  test('count a fallback that was sent', async () => {
    const bare = await createFixture({ champion: null }).build();
    await post(bare, { seriesIds: ['74'], horizon: 1 }, TABLE_TYPES.parquet);
    expect((await bare.inject('/metrics')).body).toContain(
      'headway_fallback_total{reason="NO_CHAMPION"} 1',
    );
    await bare.close();
  });

  test.each([
    [{ seriesIds: ['74', 'nobody'] }, 404, 'SERIES_UNKNOWN'],
    [{ seriesIds: ['74', 'dead'] }, 422, 'HISTORY_TOO_SHORT'],
    [{ seriesIds: ['dead'], horizon: 25 }, 400, 'HORIZON_INVALID'],
    [{ seriesIds: ['74'], levels: [95] }, 400, 'LEVEL_UNKNOWN'],
    [{ seriesIds: ['74'], history: 5 }, 400, 'REQUEST_INVALID'],
  ])('refuses %j as a table', async (payload, status, code) => {
    const response = await post(app, payload, TABLE_TYPES.arrow);
    expect([response.statusCode, response.json().code]).toEqual([status, code]);
  });

  test('refuses tables of computed forecasts, and other types', async () => {
    const values = Array.from({ length: 400 }, (_, t) => t % 24);
    const history = { start: '2026-01-01T00:00:00Z', values };
    const computed = await post(app, { history }, TABLE_TYPES.arrow);
    expect([computed.statusCode, computed.json().code]).toEqual([400, 'REQUEST_INVALID']);
    for (const [url, method] of [
      ['/v1/series/74/forecast', 'GET'],
      ['/v1/forecasts', 'POST'],
    ] as const) {
      const payload = method === 'POST' ? { seriesIds: ['74'] } : undefined;
      const headers = { accept: 'text/html' };
      const response = await app.inject({ method, url, headers, ...(payload && { payload }) });
      expect([url, response.statusCode]).toEqual([url, 406]);
    }
  });
});

describe('levels', () => {
  test('a level selects its two quantiles and the median', async () => {
    expect(Object.keys((await one('74', '?levels=80')).quantiles)).toEqual(['0.1', '0.5', '0.9']);
    const { body } = await app.inject({
      method: 'POST',
      url: '/v1/forecasts',
      payload: { seriesIds: ['74'], levels: [80], horizon: 1 },
    });
    expect(Object.keys(JSON.parse(body).forecasts[0].quantiles)).toEqual(['0.1', '0.5', '0.9']);
  });

  test('refuses an unknown level and names the known ones', async () => {
    for (const url of ['/v1/series/74/forecast?levels=80,95', '/v1/forecasts?levels=95']) {
      const response = await app.inject(url);
      expect([response.statusCode, response.json().code]).toEqual([400, 'LEVEL_UNKNOWN']);
      expect(response.json().fix).toContain('There are 80.');
    }
  });

  test.each(['', 'eighty', '80;90', '80,', '-80', '1e1', '100'])(
    'refuses the malformed levels=%s',
    async (levels) => {
      const response = await app.inject(`/v1/series/74/forecast?levels=${levels}`);
      expect([response.statusCode, response.json().code]).toEqual([400, 'REQUEST_INVALID']);
    },
  );
});

describe('slow readers', () => {
  const many = Array.from({ length: 300 }, (_, s) => `s${String(s).padStart(4, '0')}`);

  test('chunks are made only as they are read, and none after the reader left', async () => {
    const big = await createFixture({ ids: many }).build();
    let made = 0;
    const counted = {
      ...domain,
      seriesTitle: (id: string) => {
        made++;
        return id;
      },
    };
    const { stream } = forecastStream(
      big.serving.current() as Serving,
      counted,
      'ndjson',
      {},
      { fellBack: () => {}, served: NOTHING_SERVED },
    );
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBeLessThan(150);
    await reader.return?.();
    const then = made;
    await new Promise((resolve) => setImmediate(resolve));
    expect([stream.destroyed, made]).toEqual([true, then]);
    await big.close();
  });

  test('a response keeps its model and snapshot through a swap', async () => {
    const { fixture, build: other } = createFixture({ ids: many });
    const swapped = await other();
    const { stream } = forecastStream(
      swapped.serving.current() as Serving,
      domain,
      'ndjson',
      {},
      { fellBack: () => {}, served: NOTHING_SERVED },
    );
    let text = '';
    for await (const chunk of stream) {
      if (text === '') {
        Object.assign(fixture, { champion: 'model-2', promotion: 2, snapshot: 2 });
        expect(await swapped.serving.refresh()).toBe('changed');
      }
      text += chunk;
    }
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(many.length);
    const versions = new Set(
      lines.map(({ modelVersion, snapshotVersion }) => `${modelVersion} ${snapshotVersion}`),
    );
    expect([...versions]).toEqual(['model-1 1-0f1e2d3c4b5a']);
    await swapped.close();
  });

  test('a client that disconnects affects only its own response', async () => {
    const { options } = createFixture({ ids: many });
    const server = await startServer({
      ...options,
      host: '127.0.0.1',
      port: 0,
      refreshIntervalMs: 3_600_000,
      closeTimeoutMs: 2000,
    });
    const response = await new Promise<IncomingMessage>((resolve) =>
      get(`${server.url}/v1/forecasts?format=csv`, resolve),
    );
    response.on('error', () => {});
    response.destroy();
    expect((await fetch(`${server.url}/v1/series/s0001/forecast`)).status).toBe(200);
    await server.close();
  });
});

describe('unsupported methods', () => {
  test.each([
    ['DELETE', '/v1/model', 'GET, HEAD'],
    ['PUT', '/v1/forecasts?x=1', 'GET, HEAD, POST'],
    ['POST', '/v1/series/74/forecast', 'GET, HEAD'],
    ['OPTIONS', '/v1/series', 'GET, HEAD'],
    ['DELETE', '/', 'GET, HEAD'],
  ] as const)('%s %s is 405 with Allow: %s', async (method, url, allow) => {
    const response = await app.inject({ method, url });
    expect([response.statusCode, response.json().code, response.headers.allow]).toEqual([
      405,
      'METHOD_NOT_ALLOWED',
      allow,
    ]);
  });

  test('an unknown path stays 404', async () => {
    for (const url of ['/v2/model', '/v1/series/a/b/forecast', '/v1/modelx'])
      expect((await app.inject({ method: 'DELETE', url })).statusCode).toBe(404);
  });
});
