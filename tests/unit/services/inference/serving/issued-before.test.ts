/**
 * Purpose: a service that starts after a batch serves what the batch has issued, where it is of the
 * very model and snapshot; else it computes.
 * Invariants: the batch's numbers are a tenth larger than computed ones.
 * Fails: with the unexpected response.
 */
import { describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { fixedClock } from '../../../../../platform/clock.ts';
import { HeadwayError } from '../../../../../platform/errors.ts';
import {
  issueForecasts,
  issuesOf,
} from '../../../../../services/inference/batch/issue-forecasts.ts';
import { parseShard } from '../../../../../services/inference/shards/shard.ts';
import { type LedgerIssue, openLedger } from '../../../../../storage/ledger/ledger.ts';
import { createFixture, HOUR, NOW, weeklyNaive } from '../../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';

const ISSUED = NOW - 2 * 60_000;
const iso = (timestamp: number) => new Date(timestamp).toISOString();

/**
 * A fixture whose ledger has what a batch issued, and that counts what is computed all the
 * same.
 */
async function afterBatch(
  change: (entry: LedgerIssue) => LedgerIssue = (entry) => entry,
  shards = ['1/1'],
) {
  let computed = 0;
  const { fixture, options, build } = createFixture({
    makeForecaster(version) {
      const naive = weeklyNaive(Number(version.split('-')[1]));
      return {
        ...naive,
        predict(panel, cutoff, horizon) {
          computed += panel.seriesIds.length;
          return naive.predict(panel, cutoff, horizon);
        },
      };
    },
  });
  const clock = fixedClock(NOW);
  const issued = openLedger({ store: memoryObjectStore(), domain: 'demo', clock });
  for (const shard of shards) {
    const { entry } = await issueForecasts({
      ...options,
      issuedAt: ISSUED,
      shard: parseShard(shard),
    });
    await issued.append([
      change({ ...entry, values: entry.values.map((v) => v * 1.1), mean: null }),
    ]);
  }
  computed = 0;
  const start = async (more: Parameters<typeof build>[0] = {}) => build({ issued, ...more });
  return { fixture, issued, start, computed: () => computed };
}

const medianOf = async (
  app: Awaited<ReturnType<ReturnType<typeof createFixture>['build']>>,
  id = '74',
) => {
  const { quantiles, issuedAt, fallback } = (await app.inject(`/v1/series/${id}/forecast`)).json();
  return { first: quantiles['0.5'][0], issuedAt, fallback };
};

/** What the forecaster says of the first hour of series 74. */
async function plainMedian(): Promise<number> {
  const app = await createFixture().build();
  const { first } = await medianOf(app);
  await app.close();
  return first;
}

describe('a start after a batch', () => {
  test.each([[['1/1']], [['1/3', '2/3', '3/3']]])(
    'serves the forecasts issued in %j with their time of issue, and computes nothing',
    async (shards) => {
      const { start, computed } = await afterBatch(undefined, shards);
      const app = await start();
      const { first, issuedAt, fallback } = await medianOf(app);
      expect(first).toBeCloseTo(1.1 * (await plainMedian()), 3);
      expect([issuedAt, fallback, computed()]).toEqual([iso(ISSUED), undefined, 0]);
      // The series without a value is judged as it would be: it has no forecast.
      expect((await app.inject('/v1/series/dead/forecast')).statusCode).toBe(422);
      await app.close();
    },
  );

  test.each<[string, (entry: LedgerIssue) => LedgerIssue]>([
    ['another model', (entry) => ({ ...entry, modelVersion: 'model-2' })],
    ['another snapshot', (entry) => ({ ...entry, snapshotVersion: '2-0f1e2d3c4b5a' })],
    ['another cutoff', (entry) => ({ ...entry, cutoff: entry.cutoff - HOUR })],
    ['other quantiles', (entry) => ({ ...entry, quantiles: [0.05, 0.5, 0.95] })],
    [
      'another horizon',
      (entry) => ({
        ...entry,
        horizon: 12,
        values: entry.values.slice(0, entry.values.length / 2),
      }),
    ],
    ['another frequency', (entry) => ({ ...entry, frequencyMinutes: 30 })],
    [
      'one series less',
      (entry) => ({
        ...entry,
        seriesIds: entry.seriesIds.slice(1),
        values: entry.values.slice(72),
      }),
    ],
    ['days ago', (entry) => ({ ...entry, issuedAt: NOW - 26 * HOUR })],
  ])('computes if the issued forecasts have %s', async (_, change) => {
    const { start } = await afterBatch(change);
    const app = await start();
    const { first, issuedAt } = await medianOf(app);
    expect([first, issuedAt]).toEqual([await plainMedian(), iso(NOW)]);
    await app.close();
  });

  test('computes if a shard is missing', async () => {
    const { start } = await afterBatch(undefined, ['1/3', '3/3']);
    const app = await start();
    expect((await medianOf(app)).first).toBe(await plainMedian());
    await app.close();
  });

  test('computes if a later issue belongs to another model', async () => {
    const { issued, start } = await afterBatch();
    const [entry] = await issued.read();
    await issued.append([
      { ...(entry as LedgerIssue), issuedAt: ISSUED + 1, modelVersion: 'model-2' },
    ]);
    const app = await start();
    expect((await medianOf(app)).first).toBe(await plainMedian());
    await app.close();
  });

  test('computes and logs if the ledger cannot be read', async () => {
    const lines: string[] = [];
    const { start } = await afterBatch();
    const torn = {
      latest: () => Promise.reject(new HeadwayError('STORE_CORRUPT', 'a forecast cannot be read')),
    };
    const app = await start({
      issued: torn,
      logger: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
    });
    const { first, fallback } = await medianOf(app);
    expect([first, fallback, lines.length]).toEqual([await plainMedian(), undefined, 1]);
    expect(lines[0]).toMatch(/STORE_CORRUPT.*computing them instead/);
    expect((await app.inject('/health/ready')).json().status).toBe('ready');
    await app.close();
  });

  test('replaces an implausible issued forecast', async () => {
    const { start } = await afterBatch((entry) => ({
      ...entry,
      values: entry.values.map((v, i) => (i < 72 ? v * 1e6 : v)),
    }));
    const app = await start();
    expect((await medianOf(app)).fallback).toMatchObject({ reason: 'FORECAST_OUT_OF_RANGE' });
    expect((await medianOf(app, '75')).fallback).toBeUndefined();
    await app.close();
  });

  test('serves the baseline forecast of a batch for its series, and computes no other', async () => {
    const sound = weeklyNaive();
    let computed = 0;
    const { options, build } = createFixture({
      makeForecaster: () => ({
        ...sound,
        predict(panel, cutoff, horizon) {
          computed += panel.seriesIds.length;
          const values = sound.predict(panel, cutoff, horizon);
          if (panel.seriesIds[0] === '74') values.fill(1e9, 0, 3 * horizon);
          return values;
        },
      }),
    });
    const clock = fixedClock(NOW);
    const issued = openLedger({ store: memoryObjectStore(), domain: 'demo', clock });
    await issued.append(issuesOf(await issueForecasts({ ...options, issuedAt: ISSUED })));
    const whole = await build();
    computed = 0;
    const started = await build({ issued });
    expect(computed).toBe(0);
    const after = await medianOf(started);
    expect(after.fallback.reason).toBe('FORECAST_OUT_OF_RANGE');
    expect(after.first).toBe((await medianOf(whole)).first);
    await whole.close();
    await started.close();
  });

  test('computes for a newer snapshot and for a newer model', async () => {
    const { fixture, start, computed } = await afterBatch();
    const app = await start();
    fixture.snapshot = 2;
    expect(await app.serving.refresh()).toBe('changed');
    const afterSnapshot = await medianOf(app);
    expect([afterSnapshot.first, computed() > 0]).toEqual([
      expect.closeTo(2 * (await plainMedian()), 3),
      true,
    ]);
    fixture.champion = 'model-2';
    await app.serving.refresh();
    expect((await medianOf(app)).first).toBeCloseTo(4 * (await plainMedian()), 2);
    await app.close();
  });
});
