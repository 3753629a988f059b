/**
 * Purpose: the recipe that passed is fitted again on all data; a refit that fails a check is not
 * served.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { restoreTrained } from '../../../../forecasting/models/network/forecaster.ts';
import type { TrainedNetwork } from '../../../../forecasting/models/network/network.ts';
import { timestampAt } from '../../../../forecasting/panel/panel.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { carriedCalibration, refit } from '../../../../services/training/refit.ts';
import { refitChampion } from '../../../../services/training/refit-champion.ts';
import { reproduce } from '../../../../services/training/reproduce.ts';
import { type TrainingResult, train } from '../../../../services/training/train.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';
import { commitPanel, learnable, openToy } from '../../../fixtures/toy-store.ts';

let folder = '';
let toy: ReturnType<typeof openToy>;
let first: TrainingResult;
beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(join(tmpdir(), 'headway-refit-'));
  toy = openToy(join(folder, 'store'));
  await commitPanel(folder, toy, learnable());
  first = await train({ ...toy.request, refit: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('serves a refit on all data with intervals that follow its twin', async () => {
  const { card, scored, panel, verdict } = first;
  expect(verdict.promoted).toBe(true);
  expect(first.notRefitted).toBeNull();
  expect((await toy.registry.champion())?.modelVersion).toBe(card.modelVersion);
  expect(card.modelVersion).not.toBe(scored.modelVersion);
  expect(card.trainingCutoff).toBe(timestampAt(panel, panel.length - 1));
  expect(scored.trainingCutoff).toBeLessThan(card.trainingCutoff);
  expect(card.refit).toMatchObject({ twin: scored.modelVersion });
  expect(card.refit?.checks).toHaveLength(5);
  expect(card.refit?.checks[2]).toMatch(/^its intervals are its twin's, [\d.]+ to [\d.]+ times/);
  expect(scored.refit).toBeNull();
  // The figures are the twin's: nothing is shown of rows that were learnt from.
  expect([card.metrics, card.evidence]).toEqual([scored.metrics, scored.evidence]);
  const [served, twin] = await Promise.all(
    [card, scored].map(async ({ modelVersion }) => {
      const { model, weights } = await toy.registry.load(modelVersion);
      return restoreTrained(model, weights);
    }),
  );
  const rest = { factors: expect.anything(), means: expect.anything() };
  expect(served?.calibration).toEqual({ ...twin?.calibration, ...rest });
  const { calibration } = carriedCalibration(twin as TrainedNetwork, panel, first.config);
  expect(served?.calibration).toEqual(calibration);
  expect(calibration?.factors).not.toEqual(twin?.calibration?.factors);
  expect(served?.spec).toEqual(twin?.spec);
  expect(served?.members).not.toEqual(twin?.members);
  const [entry] = await toy.registry.promotions();
  expect(entry).toMatchObject({ evidence: { twin: scored.modelVersion, notRefitted: null } });
  expect(entry?.reason).toMatch(/; then fitted again on all data/);
});

test('refit and twin can be reproduced', async () => {
  for (const { modelVersion } of [first.card, first.scored]) {
    const { weights } = await reproduce({
      ...{ features: toy.features, registry: toy.registry, modelVersion, progress: silentProgress },
      startBackend: async () => null,
    });
    expect(weights).toMatchObject({ outcome: 'equal', restEqual: true });
  }
});

test('uses the calibration of the twin if coverage is not followed', async () => {
  const { fitted } = first.evaluation;
  const config = { ...first.config, followsCoverage: false };
  const carried = carriedCalibration(fitted, first.panel, config);
  expect(carried).toEqual({ calibration: fitted.calibration, scales: null });
});

test('refits a champion by the configuration of its card, reproducibly', async () => {
  const { fit } = toy.request.config;
  const config = { ...toy.request.config, testDays: 14, fit: { ...fit, steps: fit.steps - 1 } };
  const { modelVersion, reason } = await refitChampion({ ...toy.request, config, promotes: false });
  expect([reason, modelVersion]).toEqual([expect.any(String), expect.any(String)]);
  const { card } = await toy.registry.load(modelVersion as string);
  expect(card.config).toEqual(first.card.config);
  const again = await reproduce({
    ...{ features: toy.features, registry: toy.registry, progress: silentProgress },
    ...{ modelVersion: card.modelVersion, startBackend: async () => null },
  });
  expect(again.weights).toMatchObject({ outcome: 'equal', restEqual: true });
});

test('a refit of a champion that started warm says that it did not', async () => {
  const own = openToy(join(folder, 'warm'));
  await commitPanel(folder, own, learnable());
  const cold = await train(own.request);
  const warm = await train({ ...own.request, warmStart: true });
  expect(warm.card.config).toMatchObject({ warmStart: cold.card.modelVersion });
  if (!warm.verdict.promoted)
    await own.registry.promote({
      ...{ modelVersion: warm.card.modelVersion, reason: 'by hand', evidence: {} },
      over: cold.card.modelVersion,
    });
  const { modelVersion } = await refitChampion({ ...own.request, promotes: false });
  const { card } = await own.registry.load(modelVersion as string);
  expect(card.config).not.toHaveProperty('warmStart');
  const again = await reproduce({
    ...{ features: own.features, registry: own.registry, progress: silentProgress },
    ...{ modelVersion: card.modelVersion, startBackend: async () => null },
  });
  expect(again.weights).toMatchObject({ outcome: 'equal', restEqual: true });
});

test('compares the next challenger with the twin at every cutoff', async () => {
  // The same seed and data: it equals the twin, and not the refit that reigns.
  const next = await train(toy.request);
  const champion = next.verdict.comparisons.find(({ reference }) => reference === 'champion');
  expect(champion).toMatchObject({ difference: 0, outcome: 'no-better' });
  expect(champion?.cutoffs).toBe(next.evaluation.result.cutoffs.length);
  expect(next.verdict.promoted).toBe(false);
  expect(next.card).toBe(next.scored);
});

describe('a refit that fails a check', () => {
  test('names the check', async () => {
    const { evaluation, panel } = first;
    const { fitted, result } = evaluation;
    const config = { fit: { ...toy.request.config.fit, steps: 2 } };
    const { domain, seed, clock, progress } = toy.request;
    const request = {
      ...{ domain, seed, clock, progress, panel },
      config: { ...toy.request.config, ...config },
    };
    const scaling = { ...fitted.scaling, outputScale: fitted.scaling.outputScale / 5 };
    const wide = await refit(request, { ...fitted, scaling }, result.cutoffs);
    expect(wide.problem).toMatch(/its output scale is [\d.]+ times its twin's/);
    // A twin that is certain of something else.
    const sure = fitted.calibration && {
      ...fitted.calibration,
      factors: fitted.calibration.factors.map((group) =>
        group.map((quantile) => quantile.map((factor) => factor / 1e4)),
      ),
    };
    const apart = await refit(request, { ...fitted, calibration: sure }, result.cutoffs);
    expect(apart.problem).toMatch(/of its medians lie inside its twin's interval/);
  });
});
