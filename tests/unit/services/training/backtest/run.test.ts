/**
 * Purpose: a backtest in segments: no fit sees its own segment, and neither a kill nor the number
 * of processes changes a bit.
 */
import { copyFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import pino from 'pino';
import { backtestCutoffs } from '../../../../../forecasting/evaluation/backtest.ts';
import type { Panel } from '../../../../../forecasting/panel/panel.ts';
import { meanOf } from '../../../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../../../platform/clock.ts';
import { silentProgress } from '../../../../../platform/progress.ts';
import { segmentPath } from '../../../../../services/training/backtest/files.ts';
import {
  type BacktestRequest,
  backtest,
  segmentsOf,
} from '../../../../../services/training/backtest/run.ts';
import { type Fit, runSegment } from '../../../../../services/training/backtest/segment.ts';
import { evaluate, oracleForecaster } from '../../../../../services/training/evaluation.ts';
import { changedAfter } from '../../../../fixtures/random-panels.ts';
import { startBackend } from '../../../../fixtures/toy-network.ts';
import { HORIZON, learnable, toyConfig, toyDomain } from '../../../../fixtures/toy-store.ts';

jest.setTimeout(120_000);

const panel = learnable();
const FIRST_CUTOFF = panel.length - toyConfig.testDays * 24 - 1;
const clock = fixedClock(0);
/** What each fit was given. */
let seen: Panel[];
/** Learns one number: the mean of all it saw, to which it adds the seed. */
const meanFit: Fit = async (past, job) => {
  seen.push(past);
  const mean = meanOf(past.columns.target) + job.seed;
  return {
    name: 'mean',
    quantiles: [0.5],
    minimumHistory: 1,
    predict: (at, _cutoff, horizon) => new Float32Array(at.seriesIds.length * horizon).fill(mean),
  };
};

let folder: string;
let logged: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-backtest-'));
  logged = [];
  seen = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const request = (changes: Partial<BacktestRequest> = {}): BacktestRequest => ({
  domain: toyDomain,
  panel,
  config: toyConfig,
  seed: 1,
  backend: 'wasm',
  refitDays: 6,
  workers: 1,
  cores: 2,
  folder,
  logger: pino({ level: 'info' }, { write: (line: string) => logged.push(line) }),
  progress: silentProgress,
  clock,
  compute: (job, report) => runSegment(job, report, { mean: meanFit }, clock),
  ...changes,
});

test('segments hold every cutoff once in order, and none extends past its next refit', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 0, max: 999 }),
      fc.option(fc.integer({ min: 1, max: 500 })),
      (step, extra, before, refit) => {
        const cutoffs = backtestCutoffs(before + extra + 24, extra + 23, 24, step);
        const segments = segmentsOf(cutoffs, refit);
        expect(segments.flat()).toEqual(cutoffs);
        if (refit === null) expect(segments).toHaveLength(1);
        for (const segment of segments) {
          expect(segment.length).toBeGreaterThan(0);
          if (refit !== null) expect(segment.at(-1)! - segment[0]!).toBeLessThan(refit);
        }
      },
    ),
    { seed: 1 },
  );
});

describe('a toy model with one parameter', () => {
  test('each segment has its own fit on data up to its first cutoff', async () => {
    const { segments, result } = await backtest(request());
    expect(segments).toHaveLength(4);
    expect(segments[0]?.[0]).toBe(FIRST_CUTOFF);
    expect(seen.map((past) => past.length)).toEqual(segments.map((segment) => segment[0]! + 1));
    for (const past of seen) {
      expect(past.columns.target).toHaveLength(panel.seriesIds.length * past.length);
      for (const s of panel.seriesIds.keys()) {
        expect(past.columns.target.subarray(s * past.length, (s + 1) * past.length)).toEqual(
          panel.columns.target.subarray(s * panel.length, s * panel.length + past.length),
        );
      }
    }
    // Each segment's forecasts are its own fit's.
    const mean = result.forecasts.find(({ name }) => name === 'mean')!;
    let at = 0;
    for (const [i, segment] of segments.entries()) {
      const count = segment.length * panel.seriesIds.length * HORIZON;
      const values = mean.values.subarray(at, at + count);
      at += count;
      expect(new Set(values)).toEqual(new Set([Math.fround(meanOf(seen[i]!.columns.target) + 1)]));
    }
    expect(at).toBe(mean.values.length);
  });

  test('data after a segment changes nothing in it', async () => {
    const before = await backtest(request());
    const second = before.segments[1]![0]!;
    const after = await backtest(
      request({ panel: changedAfter(panel, second + HORIZON, () => 1e6) }),
    );
    const upTo = before.segments[0]!.length + 1;
    for (const [f, forecast] of before.result.forecasts.entries()) {
      const same = upTo * panel.seriesIds.length * HORIZON * forecast.quantiles.length;
      expect(after.result.forecasts[f]?.values.subarray(0, same)).toEqual(
        forecast.values.subarray(0, same),
      );
    }
    expect(after.folder).not.toBe(before.folder);
  });

  test('a resumed backtest computes only what is missing and gives the same bits', async () => {
    const whole = await backtest(request({ folder: join(folder, 'whole') }));
    seen = [];
    let computed = 0;
    const killed = request({
      compute: (job, report) => {
        if (++computed > 2) throw new Error('killed');
        return runSegment(job, report, { mean: meanFit }, clock);
      },
    });
    await expect(backtest(killed)).rejects.toThrow('killed');
    expect(seen).toHaveLength(2);
    const resumed = await backtest(request());
    expect(seen).toHaveLength(4);
    expect(resumed.kept).toBe(2);
    expect(logged.join()).toContain('continues from cached segments');
    expect(resumed.result).toEqual(whole.result);
    expect(resumed.seconds).toEqual(whole.seconds);
    const again = await backtest(request());
    expect([again.kept, seen.length]).toEqual([4, 4]);
    expect(again.result).toEqual(whole.result);
    expect((await readdir(resumed.folder)).sort()).toEqual(
      [0, 1, 2, 3].map((i) => `segment-0${i}.bin`),
    );
  });

  test.each<[string, (path: string, other: string) => Promise<unknown>]>([
    ['cut short', async (path) => writeFile(path, (await readFile(path)).subarray(0, -100))],
    ['empty', (path) => writeFile(path, '')],
    [
      'changed in one bit',
      async (path) => {
        const bytes = await readFile(path);
        bytes[bytes.length - 200]! ^= 1;
        await writeFile(path, bytes);
      },
    ],
    ['another segment', (path) => copyFile(segmentPath(join(path, '..'), 2), path)],
    ['of another backtest', (path, other) => copyFile(segmentPath(other, 1), path)],
  ])('a stored segment that is %s is computed again', async (_how, damage) => {
    const first = await backtest(request());
    const other = await backtest(request({ seed: 2 }));
    await damage(segmentPath(first.folder, 1), other.folder);
    seen = [];
    const again = await backtest(request());
    expect(seen.map((past) => past.length)).toEqual([first.segments[1]![0]! + 1]);
    expect(again.kept).toBe(3);
    expect(logged.join()).toContain('damaged or belongs to another backtest');
    expect(again.result).toEqual(first.result);
  });

  test('removes backtests unused for two weeks, and no others', async () => {
    const [old, recent] = [await backtest(request()), await backtest(request({ seed: 2 }))];
    const now = Date.UTC(2030, 0, 20);
    await utimes(old.folder, new Date(now), new Date(now - 15 * 86_400_000));
    await utimes(recent.folder, new Date(now), new Date(now - 13 * 86_400_000));
    const own = await backtest(request({ seed: 3, clock: fixedClock(now) }));
    const left = await readdir(folder);
    for (const { folder: kept } of [recent, own]) expect(left).toContain(kept.split('/').at(-1));
    expect(left).not.toContain(old.folder.split('/').at(-1));
  });

  test('another seed, configuration, panel, stride or backend is another backtest', async () => {
    const fit = { ...toyConfig.fit, steps: 61 };
    const others: Partial<BacktestRequest>[] = [
      {},
      { seed: 2 },
      { config: { ...toyConfig, fit } },
      { config: { ...toyConfig, cutoffStep: 35 } },
      { panel: learnable(2) },
      { refitDays: 7 },
      { backend: 'cpu' },
    ];
    const folders: string[] = [];
    for (const changes of others) folders.push((await backtest(request(changes))).folder);
    expect(new Set(folders).size).toBe(others.length);
  });

  test('scores baselines and others at all cutoffs, and progress stays within its total', async () => {
    const reported: [number, number][] = [];
    let total = 0;
    let isStopped = false;
    const progress = {
      start: (_label: string, units: number) => {
        total = units;
      },
      update: (done: number) => reported.push([done, total]),
      stop: () => {
        isStopped = true;
      },
    };
    const others = [oracleForecaster([0.1, 0.5, 0.9], () => 7)];
    const { result } = await backtest(request({ others, progress, refitDays: null }));
    expect(result.forecasts.map(({ name }) => name)).toEqual([
      'last_value',
      'seasonal_naive',
      'mean_4_weeks',
      'oracle',
      'mean',
    ]);
    expect(result.cutoffs).toEqual(
      backtestCutoffs(panel.length, toyConfig.testDays * 24, HORIZON, 25),
    );
    expect(reported.every(([done, of]) => done <= of)).toBe(true);
    expect(reported.at(-1)?.[0]).toBe(total);
    expect(isStopped).toBe(true);
  });

  test('refuses cutoffs a divisor of the day apart, and a history that is too short', async () => {
    const config = { ...toyConfig, cutoffStep: 9 };
    await expect(backtest(request({ config }))).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      fix: expect.stringContaining('25'),
    });
    await expect(
      backtest(request({ config: { ...toyConfig, testDays: 100 } })),
    ).rejects.toMatchObject({
      code: 'HISTORY_TOO_SHORT',
      message: expect.stringMatching(
        /^the snapshot holds [\d.]+ days \(\d+ intervals\); with 100 /,
      ),
      fix: expect.stringMatching(/--test-days \d+\.$/),
    });
  });
});

describe('real forecasters', () => {
  beforeAll(() => startBackend());

  test('the network of a single segment equals the one that training evaluates', async () => {
    const { compute: _compute, ...real } = request();
    const config = { ...toyConfig, fit: { ...toyConfig.fit, steps: 12 } };
    const { result, segments } = await backtest({
      ...real,
      config,
      refitDays: null,
    });
    expect(segments).toHaveLength(1);
    const evaluation = await evaluate({
      domain: toyDomain,
      panel,
      config,
      seed: 1,
      clock,
      progress: silentProgress,
    });
    for (const expected of evaluation.result.forecasts) {
      expect(result.forecasts.find(({ name }) => name === expected.name)).toEqual(expected);
    }
    expect(result.actuals).toEqual(evaluation.result.actuals);
    expect(result.forecasts.map(({ name }) => name).slice(3)).toEqual([
      'exponential_smoothing',
      'ridge',
      'network',
    ]);
  });
});
