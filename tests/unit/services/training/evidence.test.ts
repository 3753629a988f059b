/**
 * Purpose: what must not pass as evidence, through training and the gate: a leaking feature, a
 * model scored on its own rows, labels in random order, a champion that knows the answers.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { backtestCutoffs, runBacktest } from '../../../../forecasting/evaluation/backtest.ts';
import { naiveForecasters } from '../../../../forecasting/models/baselines/naive.ts';
import type { Forecaster } from '../../../../forecasting/models/forecaster.ts';
import { networkForecaster } from '../../../../forecasting/models/network/forecaster.ts';
import { fitNetwork } from '../../../../forecasting/models/network/training.ts';
import { type Panel, targetOf, timestampAt } from '../../../../forecasting/panel/panel.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { randomStreams, seededRandom } from '../../../../platform/random.ts';
import { evaluate } from '../../../../services/training/evaluation.ts';
import { judge } from '../../../../services/training/gate.ts';
import { provenanceOf } from '../../../../services/training/provenance.ts';
import { train } from '../../../../services/training/train.ts';
import { networkSpecOf } from '../../../../services/training/training-config.ts';
import { changedAfter } from '../../../fixtures/random-panels.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';
import {
  commitPanel,
  HORIZON,
  learnable,
  openToy,
  toyConfig,
  toyDomain,
} from '../../../fixtures/toy-store.ts';

const TEST_INTERVALS = toyConfig.testDays * 24;
const panel = learnable();
const lastTarget = panel.length - TEST_INTERVALS - 1;
const cutoffs = backtestCutoffs(panel.length, TEST_INTERVALS, HORIZON, toyConfig.cutoffStep);
const naive = naiveForecasters(168);

beforeAll(async () => {
  await startBackend();
});

/** The mean of the last 4 weeks, moved some way towards what `peek` sees. */
function peeking(peek: (values: Float32Array, cutoff: number, step: number) => number): Forecaster {
  const honest = naive[2] as Forecaster;
  return {
    ...honest,
    name: 'network',
    predict(given: Panel, cutoff: number, horizon: number) {
      const out = honest.predict(given, cutoff, horizon);
      for (let s = 0; s < given.seriesIds.length; s++) {
        for (let k = 1; k <= horizon; k++) {
          const seen = peek(targetOf(given, s), cutoff, k);
          const at = s * horizon + k - 1;
          if (Number.isFinite(seen)) out[at] = 0.5 * (out[at] as number) + 0.5 * seen;
        }
      }
      return out;
    },
  };
}

describe('a forecaster with a leaking feature', () => {
  test.each<[string, Parameters<typeof peeking>[0]]>([
    [
      'the very value it forecasts, and its mean where that is unknown',
      (values, cutoff, step) => values[cutoff + step] as number,
    ],
    ['one hour too much of the past', (values, cutoff) => values[cutoff + 1] as number],
    [
      'a mean over the whole series',
      (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
    ],
    [
      'the next value, if it looks usual',
      (values, cutoff) => Math.min(values[cutoff + 1] as number, 40),
    ],
  ])('that reads %s is caught and refused', async (_title, peek) => {
    const leaking = peeking(peek);
    const result = await runBacktest(panel, [...naive, leaking], cutoffs, HORIZON);
    const trained = [{ forecaster: leaking, trainingCutoff: timestampAt(panel, lastTarget) }];
    const verdict = judge(result, 'network', provenanceOf(toyDomain, panel, cutoffs, trained, 1));
    expect(verdict).toMatchObject({ outcome: 'rejected', promoted: false });
    expect(verdict.reason).toMatch(/reads the future/);
  });

  test('without that check the first of them would have been promoted', async () => {
    const result = await runBacktest(
      panel,
      [...naive, peeking((values, cutoff, step) => values[cutoff + step] as number)],
      cutoffs,
      HORIZON,
    );
    expect(judge(result, 'network').outcome).toBe('promoted');
  });

  test('honest ones are not accused, gaps or not; nor is one that reads what is known in advance', () => {
    const gaps = {
      ...panel,
      columns: {
        target: panel.columns.target.map((value, i) => (i % 7 === 0 ? Number.NaN : value)),
      },
    };
    for (const given of [panel, gaps]) {
      const trained = naive.map((forecaster) => ({
        forecaster,
        trainingCutoff: timestampAt(panel, lastTarget),
      }));
      expect(provenanceOf(toyDomain, given, cutoffs, trained, 1).readTheFuture).toEqual([]);
    }
    const weather = {
      ...panel,
      columns: { ...panel.columns, weather: panel.columns.target.slice() },
    };
    const forecaster: Forecaster = {
      ...(naive[0] as Forecaster),
      predict: (given, cutoff) => Float32Array.of(given.columns.weather?.[cutoff + 1] ?? 0),
    };
    const trained = [{ forecaster, trainingCutoff: 0 }];
    expect(
      provenanceOf({ ...toyDomain, futureExogenous: ['weather'] }, weather, cutoffs, trained, 1)
        .readTheFuture,
    ).toEqual([]);
    expect(provenanceOf(toyDomain, weather, cutoffs, trained, 1).readTheFuture).toEqual([
      'last_value',
    ]);
  });
});

describe('a model scored on its own training rows', () => {
  test('is refused, however well it does', async () => {
    const last = panel.length - 1;
    const spec = networkSpecOf(toyDomain, panel, toyConfig, last);
    const fitted = await fitNetwork(
      panel,
      spec,
      last,
      { ...toyConfig.fit, steps: 4 },
      randomStreams(3),
    );
    const trained = [
      { forecaster: networkForecaster(fitted), trainingCutoff: timestampAt(panel, last) },
    ];
    const result = await runBacktest(
      panel,
      [...naive, networkForecaster(fitted)],
      cutoffs,
      HORIZON,
    );
    const verdict = judge(result, 'network', provenanceOf(toyDomain, panel, cutoffs, trained, 1));
    expect(verdict).toMatchObject({ outcome: 'rejected', comparisons: [] });
    expect(verdict.reason).toMatch(/trained on rows that it is scored on/);
  });

  test('cannot come from an evaluation: what the test span holds changes nothing of the fit', async () => {
    const request = {
      domain: toyDomain,
      config: { ...toyConfig, fit: { ...toyConfig.fit, steps: 6 } },
      seed: 1,
      clock: { now: () => 0, elapsedMs: () => 0 },
      progress: silentProgress,
    };
    const one = await evaluate({ ...request, panel });
    const other = await evaluate({
      ...request,
      panel: changedAfter(panel, lastTarget, (t) => 1000 + (t % 5)),
    });
    expect(other.fitted.members).toEqual(one.fitted.members);
    expect(other.fitted.scaling).toEqual(one.fitted.scaling);
    expect(other.fitted.calibration).toEqual(one.fitted.calibration);
    expect(one.trainingCutoff).toBe(timestampAt(panel, cutoffs[0] as number));
  });
});

describe('through training', () => {
  let folder: string;
  let toy: ReturnType<typeof openToy>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-evidence-'));
    toy = openToy(join(folder, 'store'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const quick = (steps: number) => ({
    ...toy.request,
    config: { ...toyConfig, fit: { ...toyConfig.fit, steps } },
  });

  test('labels in random order do not make a champion, and the log says why, with a picture', async () => {
    await commitPanel(folder, toy, withShuffledPast(panel, lastTarget));
    const { verdict } = await train(toy.request);
    expect(verdict.promoted).toBe(false);
    expect(verdict.comparisons[0]?.difference).toBeLessThan(0);
    expect(await toy.registry.champion()).toBeNull();
    const [entry] = await toy.registry.promotions();
    expect(entry).toMatchObject({ kind: verdict.outcome, reason: verdict.reason });
    const svg = await toy.registry.picture(entry as NonNullable<typeof entry>);
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(svg?.length).toBeLessThan(30_000);
    expect(svg).toContain(verdict.outcome);
  }, 60_000);

  test('a champion that has learnt from the test span is compared with where it has not', async () => {
    await commitPanel(folder, toy, panel);
    const { card } = await train({ ...quick(2), config: { ...quick(2).config, testDays: 12 } });
    await toy.registry.promote({ modelVersion: card.modelVersion, reason: 'test', evidence: null });
    const { verdict, evaluation } = await train(toy.request);
    const [against, champion] = verdict.comparisons;
    expect(evaluation.result.cutoffs).toHaveLength(20);
    expect(against?.cutoffs).toBe(20);
    expect(champion).toMatchObject({ reference: 'champion', cutoffs: 11 });
    expect(verdict.reason).toMatch(/9 cutoffs left out that the champion has learnt from/);
  }, 60_000);

  test('where it knows all answers, nothing is decided', async () => {
    await commitPanel(folder, toy, panel);
    const { card } = await train({ ...quick(2), config: { ...quick(2).config, testDays: 4 } });
    await toy.registry.promote({ modelVersion: card.modelVersion, reason: 'test', evidence: null });
    const { verdict } = await train(toy.request);
    expect(verdict).toMatchObject({ outcome: 'inconclusive', promoted: false });
    expect(verdict.reason).toMatch(
      /the champion has learnt from the test span: 3 of 20 cutoffs come after/,
    );
    expect((await toy.registry.promotions()).at(-1)?.kind).toBe('inconclusive');
    expect((await toy.registry.champion())?.modelVersion).toBe(card.modelVersion);
  }, 60_000);
});

/**
 * Every series' values up to `last` in random order: the same numbers, and nothing to learn from
 * them.
 */
function withShuffledPast(truth: Panel, last: number): Panel {
  const random = seededRandom(9);
  const target = truth.columns.target.slice();
  for (let s = 0; s < truth.seriesIds.length; s++) {
    const past = target.subarray(s * truth.length, s * truth.length + last + 1);
    for (let i = past.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [past[i], past[j]] = [past[j] as number, past[i] as number];
    }
  }
  return { ...truth, columns: { target } };
}
