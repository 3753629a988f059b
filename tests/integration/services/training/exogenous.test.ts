/**
 * Purpose: exogenous columns the end-to-end run: from the store into a model that learns from them,
 * and the same bits in backtest and serving.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Domain } from '../../../../domains/domain.ts';
import { restoreNetwork } from '../../../../forecasting/models/network/forecaster.ts';
import type { Panel } from '../../../../forecasting/panel/panel.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { buildApp } from '../../../../services/inference/app.ts';
import { issueForecasts } from '../../../../services/inference/batch/issue-forecasts.ts';
import { createServingState } from '../../../../services/inference/serving/serving-state.ts';
import { defaultInferenceSettings } from '../../../../services/inference/settings.ts';
import { type TrainingResult, train } from '../../../../services/training/train.ts';
import type { Manifest } from '../../../../storage/features/manifest.ts';
import { heldSnapshot } from '../../../../storage/features/online/online-snapshot.ts';
import { ONLINE_INTERVALS, panelOf } from '../../../fixtures/random-panels.ts';
import {
  commitObjects,
  makeObjects,
  type Row,
  schemaOf,
  temporaryFolder,
} from '../../../fixtures/storage/features.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';
import { HORIZON, openToy, toyDomain } from '../../../fixtures/toy-store.ts';

/** More than serving keeps, and a window looks back. */
const LENGTH = ONLINE_INTERVALS + 2 * 168;
const CUTOFF = LENGTH - 1;
const domain: Domain = { ...toyDomain, pastExogenous: ['heat'], futureExogenous: ['plan'] };

/**
 * Demand doubles in the hours that were planned for it, which nothing else shows; heat is one value
 * a day, and shows nothing.
 */
function planned() {
  const random = seededRandom(3);
  const plan = Array.from({ length: LENGTH + HORIZON }, () => (random() < 0.3 ? 1 : 0));
  const heat = Array.from({ length: LENGTH / 24 }, () => 20 * random());
  const panel = panelOf(
    ['a', 'b', 'c'],
    LENGTH,
    (s, t) => (3 + s + Math.sin(t / 24) + random()) * (1 + (plan[t] as number)),
  );
  return { panel, plan, heat };
}

let folder: string;
let remove: () => Promise<void>;
let toy: ReturnType<typeof openToy>;
let logged: string[];
let trained: TrainingResult;
let online: { panel: Panel; manifest: Manifest };
beforeAll(async () => {
  await startBackend();
  ({ folder, remove } = await temporaryFolder());
  logged = [];
  toy = openToy(
    join(folder, 'store'),
    pino({ level: 'warn' }, { write: (text: string) => logged.push(text) }),
  );
  const { panel, plan, heat } = planned();
  const demand = panel.seriesIds.flatMap((id, s) =>
    Array.from(
      { length: LENGTH },
      (_, t): Row => [id, t, panel.columns.target[s * LENGTH + t] as number],
    ),
  );
  const newObjects = await makeObjects(folder, [
    { part: 'demand', span: [0, LENGTH], rows: demand },
    {
      feed: '@heat',
      part: 'heat',
      span: [0, LENGTH],
      rows: heat.map((value, day): Row => ['heat', 24 * day + 5, value]),
    },
    {
      feed: '@plan',
      part: 'plan',
      span: [0, LENGTH + HORIZON],
      rows: plan.map((value, t): Row => ['plan', t, value]),
    },
  ]);
  const ahead = { columns: domain.futureExogenous, intervals: HORIZON };
  const commit = {
    reason: 'test',
    schema: schemaOf('unknown'),
    newObjects,
    onlineIntervals: ONLINE_INTERVALS,
    ahead,
  };
  await commitObjects(toy.features, commit);
  trained = await train({ ...toy.request, domain });
  if (!trained.verdict.promoted)
    await toy.registry.promote({
      modelVersion: trained.card.modelVersion,
      reason: 'test',
      evidence: null,
    });
  online = await toy.features.readOnline();
});
afterAll(() => remove());

const restored = async () => {
  const { model, weights } = await toy.registry.load(trained.card.modelVersion);
  return restoreNetwork(model, weights);
};
const altered = (panel: Panel, name: string, of: (value: number, t: number) => number): Panel => ({
  ...panel,
  exogenous: {
    ...panel.exogenous,
    [name]: (panel.exogenous as Record<string, Float32Array>)[name]?.map(of) as Float32Array,
  },
});
const serving = (panel: Panel) =>
  createServingState({
    ...{
      domain,
      registry: toy.registry,
      restoreForecaster: restoreNetwork,
      clock: toy.clock,
      logger: silentLogger,
    },
    features: {
      head: async () => online.manifest,
      openOnline: async () => heldSnapshot(panel, online.manifest),
    },
  });
const issue = (panel: Panel) =>
  issueForecasts({
    ...{ domain, registry: toy.registry, restoreForecaster: restoreNetwork, issuedAt: 0 },
    features: {
      head: async () => online.manifest,
      openOnline: async () => heldSnapshot(panel, online.manifest),
    },
  });

test('the model uses the planned column and its card names the columns', async () => {
  const mae = (result: TrainingResult) => result.evaluation.metrics.all?.network?.mae as number;
  const without = await train({ ...toy.request, domain: toyDomain });
  expect(mae(trained)).toBeLessThan(0.8 * mae(without));
  expect(trained.card.config.exogenous).toEqual(['heat', 'plan']);
  expect(without.card.config.exogenous).toEqual([]);
  expect(logged.join()).toContain('left out');
});

test('backtest, batch and serving give the same bits', async () => {
  const forecaster = await restored();
  const expected = forecaster.predict(trained.panel, CUTOFF, HORIZON);
  expect(trained.panel.length).toBeGreaterThan(online.panel.length);
  const cutoff = online.panel.length - 1;
  // The training panel ends with the demand, so its last forecast does not see the plan; every
  // earlier one does.
  expect(forecaster.predict(online.panel, cutoff, HORIZON)).not.toEqual(expected);
  const earlier = CUTOFF - HORIZON;
  const backtest = forecaster.predict(trained.panel, earlier, HORIZON);
  expect(forecaster.predict(online.panel, cutoff - HORIZON, HORIZON)).toEqual(backtest);

  const { exogenous } = online.panel;
  const whole = {
    ...trained.panel,
    exogenous: { ...trained.panel.exogenous, plan: Float32Array.from(planned().plan) },
  };
  const served = forecaster.predict(whole, CUTOFF, HORIZON);
  expect((await issue(online.panel)).entry.values).toEqual(served);
  const state = serving(online.panel);
  expect(await state.refresh()).toBe('changed');
  expect(state.current()?.forecasts.values).toEqual(served);
  expect(state.current()?.unknownInputs).toEqual([]);
  expect(exogenous?.plan).toHaveLength(online.panel.length + HORIZON);
});

test('values known or planned after cutoff and horizon change no forecast', async () => {
  const forecaster = await restored();
  const cutoff = LENGTH - 100;
  const forecast = (panel: Panel) => forecaster.predict(panel, cutoff, HORIZON);
  const expected = forecast(trained.panel);
  expect(
    forecast(altered(trained.panel, 'heat', (value, t) => (t > cutoff ? value + 50 : value))),
  ).toEqual(expected);
  expect(
    forecast(
      altered(trained.panel, 'plan', (value, t) => (t > cutoff + HORIZON ? 1 - value : value)),
    ),
  ).toEqual(expected);
  expect(
    forecast(altered(trained.panel, 'plan', (value, t) => (t === cutoff + 1 ? 1 - value : value))),
  ).not.toEqual(expected);
  expect(
    forecast(altered(trained.panel, 'heat', (value, t) => (t > cutoff - 24 ? value + 50 : value))),
  ).not.toEqual(expected);
});

test('refuses a snapshot without the column with a code, and keeps what is served', async () => {
  const { plan: _, ...others } = online.panel.exogenous ?? {};
  const bare = { ...online.panel, exogenous: others };
  await expect(issue(bare)).rejects.toMatchObject({
    code: 'MODEL_INCOMPATIBLE',
    message: expect.stringContaining('plan'),
  });
  const state = serving(bare);
  expect(await state.refresh()).toBe('failed');
  expect(state.failure()?.error).toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
  // A baseline, which reads no such column, stands in.
  expect(state.current()).toMatchObject({
    model: { champion: null },
    fallback: { reason: 'MODEL_UNAVAILABLE' },
  });
});

test('reports a silent column with every forecast, and reads it as its training mean', async () => {
  const silent = altered(online.panel, 'heat', (value, t) =>
    t > online.panel.length - 200 ? Number.NaN : value,
  );
  const features = {
    head: async () => online.manifest,
    openOnline: async () => heldSnapshot(silent, online.manifest),
  };
  const app = await buildApp({
    ...{
      domain,
      registry: toy.registry,
      restoreForecaster: restoreNetwork,
      clock: toy.clock,
      logger: silentLogger,
      features,
    },
    settings: { ...defaultInferenceSettings, maxEventLoopDelayMs: 0, rateLimitPerMinute: 0 },
  });
  try {
    await app.ready();
    const get = async (url: string) => (await app.inject({ url })).json();
    expect((await get('/v1/series/a/forecast')).unknownInputs).toEqual(['heat']);
    expect((await get('/v1/model')).model.exogenous).toEqual(['heat', 'plan']);
    // Own values at a time of which the snapshot knows nothing.
    const own = async (start: number) => {
      const history = { start: new Date(start).toISOString(), values: new Array(200).fill(5) };
      return (
        await app.inject({ method: 'POST', url: '/v1/forecasts', payload: { history } })
      ).json().forecasts[0];
    };
    expect((await own(Date.UTC(2020, 0, 1))).unknownInputs).toEqual(['heat', 'plan']);
    expect(await own(online.panel.start + 168 * 3_600_000)).not.toHaveProperty('unknownInputs');
  } finally {
    await app.close();
  }
  const mean = trained.evaluation.fitted.spec.features.exogenous?.past[0]?.mean as number;
  const usual = altered(silent, 'heat', (_, t) => (t % 24 === 5 ? mean : Number.NaN));
  const forecaster = await restored();
  const [a, b] = [silent, usual].map((panel) =>
    forecaster.predict(panel, panel.length - 1, HORIZON),
  );
  for (const [i, value] of (a as Float32Array).entries())
    expect(value).toBeCloseTo((b as Float32Array)[i] as number, 4);
});

test('skips the comparison with a champion that needs a missing column', async () => {
  const panel = { ...trained.panel, exogenous: {} };
  const readSample = async () => ({ panel, of: panel.seriesIds.length });
  const features = { ...toy.features, readSample };
  const { verdict, card } = await train({ ...toy.request, domain, features });
  expect(verdict.comparisons.map(({ reference }) => reference)).not.toContain('champion');
  expect(card.config.exogenous).toEqual([]);
  expect(logged.join()).toContain('cannot be part of the comparison: it reads heat, plan');
});
