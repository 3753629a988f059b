/**
 * Purpose: thirty days of hours give a model that passes the gate, with intervals that hold what
 * they claim; a week gives the best baseline, with intervals, and says from when on a model comes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { restoreNetwork } from '../../../../forecasting/models/network/forecaster.ts';
import { randomStreams } from '../../../../platform/random.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../../../platform/tensorflow/tensor-backend.ts';
import { issueForecasts } from '../../../../services/inference/batch/issue-forecasts.ts';
import { train } from '../../../../services/training/train.ts';
import { defaultConfigOf } from '../../../../services/training/training-config.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';
import { commitPanel, openToy } from '../../../fixtures/toy-store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-short-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SERIES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** A day that waves, a weekend that is quiet, a deviation that fades slowly, and noise. */
function demand(days: number) {
  const random = randomStreams(11)('demand');
  const noise = () => random() + random() + random() - 1.5;
  const away = SERIES.map(() => 0);
  const rows = Array.from({ length: 24 * days }, (_, t) =>
    SERIES.map((_series, s) => {
      away[s] = 0.9 * (away[s] as number) + 0.2 * noise();
      const day = 1 + 0.6 * Math.sin((2 * Math.PI * ((t % 24) - 8)) / 24);
      const weekend = Math.floor(t / 24) % 7 >= 5 ? 0.6 : 1;
      return Math.max(0, 10 * (1 + s) * day * weekend * (1 + (away[s] as number) + 0.05 * noise()));
    }),
  );
  return panelOf(SERIES, rows.length, (s, t) => rows[t]?.[s] as number);
}

test('30 days of hours give a model scored on days after its training', async () => {
  await startTensorBackend(silentLogger, 'wasm', 'training');
  const toy = openToy(folder);
  await commitPanel(folder, toy, demand(30));
  const domain = { ...toy.request.domain, horizon: 24 };
  const defaults = defaultConfigOf(domain);
  const config = { ...defaults, fit: { ...defaults.fit, steps: 250, members: 1 } };
  const trained = await train({ ...toy.request, domain, config, adaptsToHistory: true });
  expect(trained.config).toMatchObject({ testDays: 7, cutoffStep: 7 });
  expect(trained.uncalibrated).toBeNull();
  expect([trained.verdict.reason, trained.verdict.outcome]).toEqual([
    expect.any(String),
    'promoted',
  ]);
  const { coverage } = trained.evaluation.metrics.all?.network ?? { coverage: Number.NaN };
  expect(coverage).toBeGreaterThan(0.7);
  expect(coverage).toBeLessThan(0.9);
});

test('a week of hours gives the best baseline, and the day when a model is possible', async () => {
  const toy = openToy(folder);
  await commitPanel(folder, toy, demand(7));
  const domain = { ...toy.request.domain, horizon: 24 };
  const config = defaultConfigOf(domain);
  await expect(train({ ...toy.request, domain, config, adaptsToHistory: true })).rejects.toEqual(
    expect.objectContaining({
      code: 'HISTORY_TOO_SHORT',
      message: expect.stringMatching(/holds 7 days .* needs 21 days .* from \d{4}-\d\d-\d\d/),
      fix: expect.stringContaining('best baseline'),
    }),
  );
  const { entry } = await issueForecasts({
    ...{ domain, features: toy.features, registry: toy.registry },
    ...{ restoreForecaster: restoreNetwork, issuedAt: toy.clock.now(), allowsBaseline: true },
  });
  // A day knows the time of day; the last value does not.
  expect(['seasonal_naive', 'mean_4_seasons']).toContain(entry.forecaster);
  const [low, , high] = [0, 1, 2].map((q) => entry.values.subarray(q * 24, q * 24 + 24));
  expect(low?.every((value, k) => value < (high?.[k] as number))).toBe(true);
});
