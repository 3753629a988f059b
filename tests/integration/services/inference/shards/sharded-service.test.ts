/**
 * Purpose: services that each serve a shard of one store are together the service of all of it, and
 * none says anything of a series that it does not have.
 * Invariants: the view is in ranges, as that of very many series is; injected requests only.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { NetworkForecaster } from '../../../../../forecasting/models/network/forecaster.ts';
import { type Panel, seriesSlice, targetOf } from '../../../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../../../platform/clock.ts';
import {
  issueForecasts,
  issuesOf,
} from '../../../../../services/inference/batch/issue-forecasts.ts';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import { parseShard } from '../../../../../services/inference/shards/shard.ts';
import type { Manifest } from '../../../../../storage/features/manifest.ts';
import { heldSnapshot } from '../../../../../storage/features/online/online-snapshot.ts';
import { openView } from '../../../../../storage/features/online/view-reader.ts';
import { withOnlineView } from '../../../../../storage/features/online/view-writer.ts';
import { openLedger } from '../../../../../storage/ledger/ledger.ts';
import {
  createFixture,
  HOUR,
  LENGTH,
  manifestOf,
  NOW,
  panelOf,
  START,
  weeklyNaive,
} from '../../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';
import { publish, sourcesOf } from '../../../../fixtures/published.ts';

/** Ranges of four: 74 75 dead s03 | s04 … s07 | s08 … s11 | s12 s13. */
const IDS = ['74', '75', 'dead', ...numbered(3, 14)];
const IN_RANGE = 4;
const CONTEXT = ['75', 's09'];

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `s${String(from + i).padStart(2, '0')}`);
}

/** The last series alone knows the last hours: every shard must have that cutoff. */
function viewPanel(ids: readonly string[], level: number, isRising = false): Panel {
  const panel = panelOf(ids, level);
  // Behind the first range another baseline is the best.
  for (let s = IN_RANGE; isRising && s < ids.length; s++)
    for (let t = 0; t < LENGTH; t++) panel.columns.target[s * LENGTH + t] = 100 + t;
  for (let s = 0; s < ids.length - 1; s++)
    panel.columns.target.fill(Number.NaN, (s + 1) * LENGTH - 2, (s + 1) * LENGTH);
  return panel;
}

/** Reads what two series of different ranges do together. */
function inContext(): NetworkForecaster {
  const sound = weeklyNaive();
  return {
    ...sound,
    contextSeries: CONTEXT,
    withContext(panel) {
      const rows = CONTEXT.map((id) => targetOf(panel, panel.seriesIds.indexOf(id)));
      const sum = Float32Array.from({ length: panel.length }, (_, t) =>
        rows.reduce((all, values) => all + (values[t] as number), 0),
      );
      return { ...panel, context: [sum] };
    },
    predict(panel, cutoff, horizon) {
      const by = 1 + (panel.context?.[0]?.[cutoff - 24] ?? 0) / 1000;
      return sound.predict(panel, cutoff, horizon).map((value) => value * by);
    },
  };
}

interface Change {
  readonly champion?: string | null;
  readonly metrics?: unknown;
  readonly isRising?: boolean;
}

/** A store with a view in ranges, and services of it. */
async function open({ isRising, ...change }: Change = {}) {
  const store = memoryObjectStore();
  const { fixture, build, options } = createFixture({ makeForecaster: inContext, ...change });
  const reads: number[] = [];
  let manifest: Manifest;
  let whole: Panel;
  const commit = async (ids: readonly string[], number: number) => {
    whole = viewPanel(ids, 10 * number, isRising);
    const panels = Array.from({ length: Math.ceil(ids.length / IN_RANGE) }, (_, i) =>
      seriesSlice(whole, i * IN_RANGE, Math.min(ids.length, (i + 1) * IN_RANGE)),
    );
    const { format: _f, snapshotVersion: _v, online: _o, ...draft } = manifestOf(number);
    manifest = (await withOnlineView(store, draft, panels)) as Manifest;
  };
  await commit(IDS, 1);
  const openOnline = async () => {
    const view = await openView(store, manifest);
    const range = (index: number) => {
      reads.push(index);
      return view.range(index);
    };
    return { ...view, range };
  };
  const features = { head: async () => manifest, openOnline };
  const apps: App[] = [];
  const serve = async (shard?: string, more: Parameters<typeof build>[0] = {}) => {
    const part = shard === undefined ? {} : { shard: parseShard(shard) };
    apps.push(await build({ features, ...part, ...more }));
    return apps.at(-1) as App;
  };
  return {
    ...{ store, fixture, reads, commit, serve, features, options: { ...options, features } },
    held: () => heldSnapshot(whole, manifest),
    async close() {
      for (const app of apps) await app.close();
      await store.close();
    },
  };
}
type Opened = Awaited<ReturnType<typeof open>>;

/** Problems name the request. */
const headers = { 'x-request-id': 'same' };
const bodyOf = async (app: App, url: string) => (await app.inject({ url, headers })).body;
const jsonOf = async (app: App, url: string) => (await app.inject(url)).json();
const idsOf = async (app: App): Promise<string[]> =>
  (await jsonOf(app, '/v1/series?limit=1000')).series.map(
    ({ seriesId }: { seriesId: string }) => seriesId,
  );

describe('services of all shards', () => {
  let town: Opened;
  let whole: App;
  beforeAll(async () => {
    town = await open();
    whole = await town.serve();
  });
  afterAll(() => town.close());

  test.each([2, 3, 5, 14])('%d are together the service of all series', async (count) => {
    const seen: string[] = [];
    let lines = '';
    for (let i = 1; i <= count; i++) {
      const app = await town.serve(`${i}/${count}`);
      const own = await idsOf(app);
      for (const id of own)
        for (const path of ['forecast?history=30&levels=80', 'paths?count=3', 'decision?under=3'])
          expect(await bodyOf(app, `/v1/series/${id}/${path}`)).toBe(
            await bodyOf(whole, `/v1/series/${id}/${path}`),
          );
      seen.push(...own);
      lines += await bodyOf(app, '/v1/forecasts?format=ndjson');
    }
    expect(seen).toEqual(IDS);
    expect(lines).toBe(await bodyOf(whole, '/v1/forecasts?format=ndjson'));
    expect(lines.split('\n')).toHaveLength(IDS.length); // all but one, and an end
  });

  test('a shard explains and pages its own series as the whole does', async () => {
    const app = await town.serve('3/5');
    const own = ['s05', 's06', 's07'];
    expect(await idsOf(app)).toEqual(own);
    expect(await bodyOf(app, '/v1/series/s06/explanation')).toBe(
      await bodyOf(whole, '/v1/series/s06/explanation'),
    );
    const page = await jsonOf(app, '/v1/forecasts?limit=2');
    expect([page.total, page.forecasts.length]).toEqual([3, 2]);
    const { series } = await jsonOf(app, '/v1/actuals');
    expect(series.map(({ seriesId }: { seriesId: string }) => seriesId)).toEqual(own);
    expect((await app.inject('/v1/series')).headers.etag).not.toBe(
      (await whole.inject('/v1/series')).headers.etag,
    );
  });

  test('holds its own series alone, and reads their ranges and those of the context', async () => {
    town.reads.length = 0;
    const app = await town.serve('4/4');
    // Series 11 to 14, the first range for a baseline, and 75 and s09 for the context.
    expect([...new Set(town.reads)].sort()).toEqual([0, 2, 3]);
    const { panel, cutoff } = app.serving.current()?.snapshot ?? {};
    expect(panel?.seriesIds).toEqual(['s10', 's11', 's12', 's13']);
    expect(panel?.columns.target).toHaveLength(4 * LENGTH);
    expect(cutoff).toBe(LENGTH - 1);
  });

  test('says which shard it is', async () => {
    const app = await town.serve('2/4');
    expect(await jsonOf(app, '/v1/model')).toMatchObject({
      ...{ shard: { name: '2/4', storeSeries: 14 }, snapshot: { series: 4 } },
    });
    expect(await jsonOf(app, '/health/ready')).toMatchObject({ status: 'ready', shard: '2/4' });
    expect(await bodyOf(app, '/metrics')).toMatch(/headway_serving_info\{.*shard="2\/4"\} 1/);
    expect(await jsonOf(whole, '/v1/model')).not.toHaveProperty('shard');
    expect(await jsonOf(await town.serve('1/1'), '/v1/model')).not.toHaveProperty('shard');
  });

  test.each([
    ['74', '1/4'],
    ['s07', '3/4'],
    ['s13', '4/4'],
  ])('2/4 says that %s is served by %s', async (id, shard) => {
    const app = await town.serve('2/4');
    for (const path of ['forecast', 'paths', 'decision', 'explanation', 'record']) {
      const response = await app.inject(`/v1/series/${id}/${path}`);
      expect([response.statusCode, response.json()]).toMatchObject([
        421,
        { code: 'SERIES_OF_ANOTHER_SHARD', shard, fix: expect.stringContaining('`shard`') },
      ]);
    }
  });

  test('whoever follows the shards comes to the series, or to that there is none', async () => {
    const apps = new Map<string, App>();
    for (const shard of ['1/7', '2/7', '3/7', '4/7', '5/7', '6/7', '7/7'])
      apps.set(shard, await town.serve(shard));
    for (const first of apps.keys())
      for (const id of [...IDS, 'a stranger', 's05b', 'zz', '0']) {
        let shard = first;
        let response = await (apps.get(shard) as App).inject(`/v1/series/${id}/record`);
        let hops = 0;
        for (; response.statusCode === 421 && hops < 5; hops++) {
          shard = response.json().shard;
          response = await (apps.get(shard) as App).inject(`/v1/series/${id}/record`);
        }
        const { code, seriesId } = response.json();
        expect([id, hops <= 2, code ?? seriesId]).toEqual([
          ...[id, true, IDS.includes(id) ? id : 'SERIES_UNKNOWN'],
        ]);
      }
  });

  test.each([
    '/v1/groups',
    '/v1/groups/all/forecast',
    '/v1/groups/all/paths',
    '/v1/groups/all/decision',
  ])('%s is refused, and not of a part', async (url) => {
    const response = await (await town.serve('2/4')).inject(url);
    expect([response.statusCode, response.json()]).toMatchObject([
      409,
      { code: 'TOTAL_OF_SEVERAL_SHARDS', detail: expect.stringContaining('4 of 14 series') },
    ]);
  });

  test('a total is the sum of the paths of all shards', async () => {
    const { paths } = await jsonOf(whole, '/v1/groups/all/paths?count=2');
    const sums = paths.map((path: number[]) => path.map(() => 0));
    for (const shard of ['1/2', '2/2']) {
      const app = await town.serve(shard);
      for (const id of (await idsOf(app)).filter((one) => one !== 'dead')) {
        const own = await jsonOf(app, `/v1/series/${id}/paths?count=2`);
        for (const [n, path] of own.paths.entries())
          for (const [k, value] of path.entries()) sums[n][k] += value;
      }
    }
    for (const [n, path] of paths.entries())
      for (const [k, value] of path.entries()) expect(sums[n][k] / value).toBeCloseTo(1, 4);
  });
});

describe('what is sent to a shard', () => {
  let town: Opened;
  let app: App;
  let whole: App;
  beforeAll(async () => {
    town = await open();
    whole = await town.serve();
    app = await town.serve('2/4');
  });
  afterAll(() => town.close());
  const values = Array.from({ length: 400 }, (_, t) => 10 + (t % 24));
  const start = new Date(START).toISOString();
  const post = async (url: string, payload: object, of = app) => {
    const response = await of.inject({ method: 'POST', url, payload });
    return [response.statusCode, response.json()];
  };

  test('an ad-hoc history is forecast as by the whole, with or without a series', async () => {
    for (const named of [{}, { seriesId: 's04' }]) {
      const body = { history: { start, values, ...named }, horizon: 3 };
      const own = await post('/v1/forecasts', body);
      expect(own).toEqual(await post('/v1/forecasts', body, whole));
      expect(own[0]).toBe(200);
    }
  });

  test('a series of another shard is refused wherever it is named', async () => {
    const other = [421, { code: 'SERIES_OF_ANOTHER_SHARD', shard: '4/4' }];
    const history = { start, values, seriesId: 's12' };
    expect(await post('/v1/forecasts', { history })).toMatchObject(other);
    expect(await post('/v1/forecasts', { seriesIds: ['s04', 's12'] })).toMatchObject(other);
    const input = { type: 'univariate_time_series', series: values, frequency: 'H' };
    const ask = (name: string) =>
      post('/v1/timeseries/forecast', {
        ...{ model: 'champion', options: { horizon: 3 } },
        inputs: [{ ...input, name, start_timestamp: start }],
      });
    expect(await ask('s12')).toMatchObject(other);
    expect((await ask('s05'))[0]).toBe(200);
    const response = await app.inject('/v1/actuals?seriesId=s12');
    expect([response.statusCode, response.json()]).toMatchObject(other);
    const table = await app.inject({
      ...{ method: 'POST', url: '/v1/forecasts', payload: { seriesIds: ['s12'] } },
      headers: { accept: 'application/vnd.apache.arrow.stream' },
    });
    expect([table.statusCode, table.json()]).toMatchObject(other);
  });

  test('actuals of another shard are refused, and nothing of the post is stored', async () => {
    const posts: unknown[] = [];
    const actuals = {
      append: async (sent: unknown) => {
        posts.push(sent);
        return { key: 'actuals/demo/1.json', availableAt: NOW, isNew: true };
      },
    };
    const writing = await town.serve('2/4', { actuals });
    const at = new Date(NOW - 5 * 60_000 - 2 * HOUR).toISOString();
    const span = (seriesId: string) => ({ seriesId, start: at, values: [10] });
    expect(
      await post('/v1/actuals', { actuals: [span('s04'), span('s12')] }, writing),
    ).toMatchObject([421, { shard: '4/4' }]);
    expect(posts).toEqual([]);
    expect((await post('/v1/actuals', { actuals: [span('s04')] }, writing))[0]).toBe(200);
  });

  test('an agent gets the shard to ask as the problem of its tool', async () => {
    const [, reply] = await post('/mcp', {
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name: 'forecast', arguments: { seriesId: 's12' } },
    });
    expect(reply.result).toMatchObject({
      isError: true,
      structuredContent: { problem: { code: 'SERIES_OF_ANOTHER_SHARD', shard: '4/4' } },
    });
  });
});

describe('a shard', () => {
  let town: Opened;
  afterEach(() => town.close());

  test('lists the series of monitoring that it serves', async () => {
    town = await open();
    await publish(town.store);
    const app = await town.serve('1/14', { monitoring: sourcesOf(town.store) });
    const { overview } = await jsonOf(app, '/v1/monitoring');
    expect(overview.series.total).toBe(1);
    expect(overview.series.largest).toMatchObject([{ seriesId: '74' }]);
    expect((await jsonOf(app, '/v1/series/74/record')).seriesId).toBe('74');
    expect((await app.inject('/v1/series/75/record')).statusCode).toBe(421);
  });

  test('moves with the series of a new snapshot', async () => {
    town = await open();
    const app = await town.serve('2/2');
    expect((await idsOf(app))[0]).toBe('s07');
    await town.commit(['00', '01', ...IDS], 2);
    expect(await app.serving.refresh()).toBe('changed');
    expect((await idsOf(app))[0]).toBe('s06');
    expect((await app.inject('/v1/series/s06/forecast')).statusCode).toBe(200);
    expect(await jsonOf(app, '/v1/series/01/forecast')).toMatchObject({ shard: '1/2' });
  });

  test('without a series serves empty lists, logs that, and knows who has them', async () => {
    town = await open();
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const app = await town.serve('1/20', { logger });
    expect(await jsonOf(app, '/v1/series')).toMatchObject({ total: 0, series: [] });
    expect(await bodyOf(app, '/v1/forecasts?format=ndjson')).toBe('');
    expect((await app.inject('/health/ready')).statusCode).toBe(200);
    expect(await jsonOf(app, '/v1/series/74/forecast')).toMatchObject({ shard: '2/20' });
    expect((await app.inject('/v1/series/unknown/forecast')).json().shard).toBe('19/20');
    expect(lines.join('')).toMatch(/has no series/);
  });

  test('without a model gets the baseline that the whole gets', async () => {
    town = await open({ champion: null, metrics: undefined, isRising: true });
    const whole = await town.serve();
    for (const shard of ['1/3', '2/3', '3/3']) {
      const app = await town.serve(shard);
      const [id] = (await idsOf(app)).filter((one) => one !== 'dead');
      const url = `/v1/series/${id}/forecast`;
      expect(await bodyOf(app, url)).toBe(await bodyOf(whole, url));
      expect((await jsonOf(app, url)).fallback.reason).toBe('NO_CHAMPION');
    }
  });

  test.each([[['1/1']], [['1/3', '2/3', '3/3']]])(
    'starts with what a batch of %j issued, and computes nothing',
    async (shards) => {
      town = await open();
      const issued = openLedger({ store: town.store, domain: 'demo', clock: fixedClock(NOW) });
      const issuedAt = NOW - HOUR;
      for (const shard of shards) {
        const batch = { ...town.options, issuedAt, shard: parseShard(shard) };
        await issued.append(issuesOf(await issueForecasts(batch)));
      }
      const before = JSON.parse(await bodyOf(await town.serve('2/5'), '/v1/series/s04/forecast'));
      town.fixture.makeForecaster = () => ({
        ...inContext(),
        predict: () => {
          throw new Error('computed');
        },
      });
      const app = await town.serve('2/5', { issued });
      expect(await jsonOf(app, '/v1/series/s04/forecast')).toEqual({
        ...before,
        issuedAt: new Date(issuedAt).toISOString(),
      });
    },
  );

  test('of a view of one object knows each other series', async () => {
    town = await open();
    const features = { head: town.features.head, openOnline: async () => town.held() };
    const app = await town.serve('2/4', { features });
    expect((await idsOf(app)).length).toBe(4);
    expect((await jsonOf(app, '/v1/series/s13/forecast')).shard).toBe('4/4');
    expect((await jsonOf(app, '/v1/series/s99/forecast')).code).toBe('SERIES_UNKNOWN');
  });
});
