/**
 * Purpose: what must not pass as evidence at the gate: a leaking feature, a model scored on its own
 * rows.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { backtestCutoffs, runBacktest } from '../../../../forecasting/evaluation/backtest.ts';
import { naiveForecasters } from '../../../../forecasting/models/baselines/naive.ts';
import type { Forecaster } from '../../../../forecasting/models/forecaster.ts';
import { networkForecaster } from '../../../../forecasting/models/network/forecaster.ts';
import { fitNetwork } from '../../../../forecasting/models/network/training.ts';
import { type Panel, targetOf, timestampAt } from '../../../../forecasting/panel/panel.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { randomStreams } from '../../../../platform/random.ts';
import { evaluate } from '../../../../services/training/evaluation.ts';
import { judge } from '../../../../services/training/gate.ts';
import { provenanceOf } from '../../../../services/training/provenance.ts';
import { networkSpecOf } from '../../../../services/training/training-config.ts';
import { changedAfter } from '../../../fixtures/random-panels.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';
import { HORIZON, learnable, toyConfig, toyDomain } from '../../../fixtures/toy-store.ts';

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
  ])('that reads %s is rejected', async (_title, peek) => {
    const leaking = peeking(peek);
    const result = await runBacktest(panel, [...naive, leaking], cutoffs, HORIZON);
    const trained = [{ forecaster: leaking, trainingCutoff: timestampAt(panel, lastTarget) }];
    const verdict = judge(result, 'network', provenanceOf(toyDomain, panel, cutoffs, trained, 1));
    expect(verdict).toMatchObject({ outcome: 'rejected', promoted: false });
    expect(verdict.reason).toMatch(/it looks ahead/);
  });

  test('would be promoted without the check', async () => {
    const result = await runBacktest(
      panel,
      [...naive, peeking((values, cutoff, step) => values[cutoff + step] as number)],
      cutoffs,
      HORIZON,
    );
    expect(judge(result, 'network').outcome).toBe('promoted');
  });

  test('differs from honest forecasters, with gaps or known-in-advance inputs', () => {
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
      expect(provenanceOf(toyDomain, given, cutoffs, trained, 1).lookahead).toEqual([]);
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
        .lookahead,
    ).toEqual([]);
    expect(provenanceOf(toyDomain, weather, cutoffs, trained, 1).lookahead).toEqual(['last_value']);
  });
});

describe('a model scored on its own training rows', () => {
  test('is rejected, however low its loss', async () => {
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

  test('cannot come from an evaluation: test data does not change the fit', async () => {
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
