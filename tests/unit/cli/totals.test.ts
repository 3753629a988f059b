/**
 * Purpose: scenarios on disk are the paths whose sums the decision is about.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomNetwork } from '../../../bench/support/random-network.ts';
import { forecastCommand } from '../../../cli/actions/forecast.ts';
import { issue, keepIssue } from '../../../cli/actions/issue-batch.ts';
import { decideCommand } from '../../../cli/actions/totals/decide.ts';
import { groupForecastCommand } from '../../../cli/actions/totals/group-forecast.ts';
import { scenariosCommand } from '../../../cli/actions/totals/scenarios.ts';
import type { CommandContext } from '../../../cli/context.ts';
import type { Domain } from '../../../domains/domain.ts';
import { saveNetwork } from '../../../forecasting/models/network/forecaster.ts';
import { withSqlSession } from '../../../platform/duckdb/session.ts';
import { parquetFiles } from '../../../platform/duckdb/sql.ts';
import { seededRandom } from '../../../platform/random.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import { restoreForecaster } from '../../../storage/models/restore-forecaster.ts';
import { CUTOFF, createFixture, domain, HOUR, IDS } from '../../fakes/inference.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-totals-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Of a store without a model: a baseline forecasts. */
function context(
  changes: Partial<Domain> = {},
  store: Pick<ReturnType<typeof createFixture>, 'options' | 'clock'> = createFixture({
    champion: null,
  }),
) {
  const { options, clock } = store;
  const issues: LedgerIssue[] = [];
  const printed: Record<string, unknown>[] = [];
  const fake = {
    ...{
      domain: { ...domain, ...changes },
      clock,
      logger: options.logger,
      settings: { backend: 'cpu' },
    },
    features: async () => ({ ...options.features, segments: async () => [] }),
    registry: async () => options.registry,
    ledger: async () => ({
      append: async (given: readonly LedgerIssue[]) => void issues.push(...given),
    }),
    lineage: async () => ({ append: async () => undefined }),
    decisions: async () => ({ entries: async () => [] }),
    print: () => undefined,
    printJson: (value: Record<string, unknown>) => printed.push(value),
  };
  return { context: fake as unknown as CommandContext, printed, issues };
}

/** A champion that gives series 74 numbers that its narrow history does not allow. */
function faulty() {
  const store = createFixture();
  const { features, registry } = store.options;
  const network = randomNetwork(IDS, domain.horizon, seededRandom(3));
  const saved = saveNetwork({ ...network, scaling: { ...network.scaling, outputScale: 3 } });
  const options = {
    ...store.options,
    restoreForecaster,
    features: {
      ...features,
      async openOnline() {
        const online = await features.openOnline();
        const panel = await online.range(0);
        for (let t = 0; t < panel.length; t++) panel.columns.target[t] = 10 + 0.001 * (t % 2);
        return online;
      },
    },
    registry: {
      ...registry,
      load: async (modelVersion: string) => ({ ...(await registry.load(modelVersion)), ...saved }),
    },
  };
  return { ...store, options, build: () => store.build(options) };
}

test('totals and ledger use the same fallback as the service', async () => {
  const { context: given, printed, issues } = context({}, faulty());
  await groupForecastCommand(given, { group: 'all' });
  await forecastCommand(given, { series: '74' });
  await keepIssue(given, await issue(given));
  const app = await faulty().build();
  const total = (await app.inject('/v1/groups/all/forecast?levels=80')).json();
  const one = (await app.inject('/v1/series/74/forecast')).json();
  await app.close();
  expect(one.fallback.reason).toBe('FORECAST_OUT_OF_RANGE');
  for (const name of ['quantiles', 'mean', 'series', 'withoutForecast'])
    expect([name, printed[0]?.[name]]).toEqual([name, total[name]]);
  expect(printed[1]).toMatchObject({
    modelVersion: one.modelVersion,
    fallback: 'FORECAST_OUT_OF_RANGE',
  });
  const rounded = (printed[1] as { mean: number[] }).mean.map((y) => Number(y.toPrecision(6)));
  expect(rounded).toEqual(one.mean);
  const served = issues.filter(({ role }) => role === 'serving');
  expect(
    served.map(({ seriesIds, modelVersion, fallback }) => [seriesIds, modelVersion, fallback]),
  ).toEqual([
    [['74'], null, 'FORECAST_OUT_OF_RANGE'],
    [IDS.slice(1), 'model-1', null],
  ]);
});

test('a horizon counts open steps, as in the service', async () => {
  const weekdays = { horizon: 72, closedWeekdays: [1] };
  const { context: given, printed } = context(weekdays);
  await forecastCommand(given, { series: '74', horizon: 2 });
  const app = await createFixture({ champion: null }).build({ domain: { ...domain, ...weekdays } });
  const served = (await app.inject('/v1/series/74/forecast?horizon=2')).json();
  await app.close();
  expect(printed[0]?.timestamps).toEqual(['2026-03-03T00:00:00.000Z', '2026-03-03T01:00:00.000Z']);
  expect(printed[0]?.timestamps).toEqual(
    served.timestamps.map((time: string) => new Date(time).toISOString()),
  );
  await expect(forecastCommand(given, { series: '74', horizon: 73 })).rejects.toMatchObject({
    code: 'HORIZON_INVALID',
  });
});

test('refuses a series without a forecast', async () => {
  await expect(forecastCommand(context().context, { series: 'dead' })).rejects.toMatchObject({
    code: 'HISTORY_TOO_SHORT',
  });
});

test('writes a row for each path, series and step, reproducibly', async () => {
  const files = ['a', 'b', 'c'].map((name) => join(folder, `${name}.parquet`));
  const { context: given, printed } = context();
  for (const [i, out] of files.entries())
    await scenariosCommand(given, { out, paths: 20, draw: i === 2 ? 1 : 0 });
  const [series, leftOut] = [printed[0]?.series as number, printed[0]?.leftOut];
  expect([series, leftOut]).toEqual([6, 1]);
  await withSqlSession(async (session) => {
    const [a, b, c] = files.map((file) => parquetFiles(file)) as [string, string, string];
    const counts = 'count(*), count(DISTINCT path), count(DISTINCT unique_id), epoch_ms(min(ds))';
    const [row] = await session.rows(`SELECT ${counts} FROM ${a}`);
    expect(row?.map(Number)).toEqual([20 * 6 * 24, 20, 6, CUTOFF + HOUR]);
    const differ = (other: string) =>
      session.rows(`SELECT count(*) FROM (FROM ${a} EXCEPT FROM ${other})`);
    expect(Number((await differ(b))[0]?.[0])).toBe(0);
    expect(Number((await differ(c))[0]?.[0])).toBeGreaterThan(1000);
  });
});

test('writes no row for a step on a closed day, and keeps the numbers of others', async () => {
  const out = join(folder, 'closed.parquet');
  // Monday, the first of two days, is closed.
  const { context: open, printed } = context({ horizon: 48, closedWeekdays: [1] });
  await scenariosCommand(open, { out, paths: 3, draw: 0 });
  await withSqlSession(async (session) => {
    const steps = 'count(*), min(step), max(step), epoch_ms(max(ds))';
    const [row] = await session.rows(`SELECT ${steps} FROM ${parquetFiles(out)}`);
    expect(row?.map(Number)).toEqual([3 * 6 * 24, 25, 48, CUTOFF + 48 * HOUR]);
  });
  expect(printed[0]?.horizon).toBe(24);
});

test('a decision is near the median at even costs, higher for costly shortages', async () => {
  const quantityOf = async (under: number, over: number) => {
    const { context: given, printed } = context();
    await decideCommand(given, { group: 'all', under, over, window: '1d', capacity: 1 });
    const windows = (printed[0] as { windows: { quantity: number; exceeds: number }[] }).windows;
    expect(windows.map(({ exceeds }) => exceeds)).toEqual([1]);
    return windows[0]?.quantity as number;
  };
  const [even, dear, cheap] = [
    await quantityOf(1, 1),
    await quantityOf(9, 1),
    await quantityOf(1, 9),
  ];
  expect(cheap).toBeLessThan(even);
  expect(even).toBeLessThan(dear);
});

test('the forecast of a group equals that of the service', async () => {
  const groupsOf = (id: string) => (/^\d/.test(id) ? [{ groupId: 'numbered', title: 'N' }] : []);
  const { context: given, printed } = context({ groupsOf });
  await groupForecastCommand(given, { group: 'numbered', window: '8h', capacity: 15 });
  const app = await createFixture({ champion: null }).build({ domain: { ...domain, groupsOf } });
  const url = '/v1/groups/numbered/forecast?window=8h&capacity=15&levels=80';
  const served = (await app.inject(url)).json();
  await app.close();
  for (const name of ['timestamps', 'quantiles', 'mean', 'peak', 'exceeds', 'series', 'paths'])
    expect([name, printed[0]?.[name]]).toEqual([name, served[name]]);
  await expect(groupForecastCommand(given, { group: 'nowhere' })).rejects.toMatchObject({
    code: 'GROUP_UNKNOWN',
  });
  await expect(forecastCommand(given, { series: '74', capacity: 3 })).rejects.toMatchObject({
    code: 'USAGE',
  });
});

test('refuses unknown subjects and zero costs', async () => {
  const { context: given } = context();
  const decide = (changes: object) =>
    decideCommand(given, { group: 'all', under: 1, over: 1, ...changes });
  await expect(decide({ group: 'nowhere' })).rejects.toMatchObject({ code: 'GROUP_UNKNOWN' });
  await expect(decide({ series: 'nobody' })).rejects.toMatchObject({ code: 'SERIES_UNKNOWN' });
  await expect(decide({ series: 'dead' })).rejects.toMatchObject({ code: 'HISTORY_TOO_SHORT' });
  await expect(decide({ under: 0, over: 0 })).rejects.toMatchObject({ code: 'USAGE' });
  await expect(decide({ under: 1e308, over: 1e308 })).rejects.toMatchObject({ code: 'USAGE' });
});
