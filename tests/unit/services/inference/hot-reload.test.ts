/**
 * Purpose: models and snapshots change under load without a lost or mixed response, and a rollback
 * is served at the next refresh.
 * Invariants: every number of a response is checked against the model and the snapshot that the
 * response names.
 * Fails: with the response that mixed them.
 */
import { expect, test } from '@jest/globals';
import { openModelRegistry } from '../../../../storage/models/model-registry.ts';
import { createFixture, IDS, LENGTH, NOW, panelOf, weeklyNaive } from '../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';

/** Close to one another, so that no model goes beyond what the history allows. */
const scaleOf = (version: string) => 1 + Number(version.split('-')[1]) / 50;
const { target } = panelOf(IDS, 1).columns;
const lastWeek = (series: number, step: number) => target[series * LENGTH + LENGTH + step - 168];

interface Body {
  seriesId: string;
  modelVersion: string;
  snapshotVersion: string;
  quantiles: Record<string, number[]>;
  fallback?: unknown;
}

/** One expectation a response: under load a thousand of them cost more than the requests. */
function expectWhole({ seriesId, modelVersion, snapshotVersion, quantiles, fallback }: Body): void {
  const factor = scaleOf(modelVersion) * 10 * Number.parseInt(snapshotVersion, 10);
  const bands = { '0.1': 0.8, '0.5': 1, '0.9': 1.2 };
  const errors = Object.entries(bands).flatMap(([name, band]) =>
    (quantiles[name] as number[]).map((value, step) =>
      Math.abs(value / (band * factor * lastWeek(IDS.indexOf(seriesId), step)) - 1),
    ),
  );
  const isRight = errors.length > 0 && Math.max(...errors) < 1e-4;
  expect([modelVersion, snapshotVersion, isRight, fallback]).toEqual([
    modelVersion,
    snapshotVersion,
    true,
    undefined,
  ]);
}

const SWAPS = 6;
test('concurrent requests neither fail nor mix versions while models and snapshots change', async () => {
  const { fixture, build } = createFixture({
    makeForecaster: (version) => weeklyNaive(scaleOf(version)),
  });
  const app = await build();
  // Every store operation gives way, so that requests come in the middle of refreshes.
  fixture.pause = () => new Promise((resolve) => setImmediate(resolve));
  let isSwapping = true;
  const seen = new Set<string>();
  const read = (response: Body) => {
    expectWhole(response);
    seen.add(`${response.modelVersion} ${response.snapshotVersion}`);
  };
  const kinds = [
    async () => {
      const response = await app.inject('/v1/series/74/forecast');
      expect(response.statusCode).toBe(200);
      read(response.json());
      const { modelVersion, snapshotVersion } = response.json();
      expect(response.headers.etag).toMatch(
        new RegExp(`"\\d+\\.${modelVersion}\\..*\\.${snapshotVersion}-[0-9a-z]+-json"$`),
      );
    },
    async () => {
      const payload = { seriesIds: ['75', '74'], horizon: 3 };
      const response = await app.inject({ method: 'POST', url: '/v1/forecasts', payload });
      expect(response.statusCode).toBe(200);
      const { forecasts } = response.json();
      forecasts.forEach(read);
      expect(
        new Set(forecasts.map((one: Body) => `${one.modelVersion} ${one.snapshotVersion}`)).size,
      ).toBe(1);
    },
    async () => {
      const response = await app.inject('/v1/forecasts?format=ndjson&horizon=2');
      expect(response.statusCode).toBe(200);
      const lines: Body[] = response.body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      lines.forEach(read);
      expect(new Set(lines.map((one) => `${one.modelVersion} ${one.snapshotVersion}`)).size).toBe(
        1,
      );
    },
  ];
  const clients = Array.from({ length: 6 }, async (_, client) => {
    let count = 0;
    for (; isSwapping; count++) await kinds[(client + count) % kinds.length]();
    return count;
  });
  for (let swap = 0; swap < SWAPS; swap++) {
    if (swap % 2 === 0) fixture.champion = `model-${++fixture.promotion}`;
    else fixture.snapshot++;
    expect(await app.serving.refresh()).toBe('changed');
  }
  isSwapping = false;
  const counts = await Promise.all(clients);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(seen.size).toBeGreaterThan(SWAPS / 4);
  const last = (await app.inject('/v1/series/74/forecast')).json();
  expect([last.modelVersion, last.snapshotVersion]).toEqual([
    `model-${1 + SWAPS / 2}`,
    `${1 + SWAPS / 2}-0f1e2d3c4b5a`,
  ]);
  await app.close();
}, 60_000);

test('serves a rollback of the registry at the next refresh and shows it in the history', async () => {
  const { clock, build } = createFixture();
  const registry = openModelRegistry({ store: memoryObjectStore(), domain: 'demo', clock });
  const register = async (scale: number) => {
    const { modelVersion } = await registry.register({
      model: { scale },
      weights: new Uint8Array([scale]),
      card: {
        ...{
          snapshotVersion: '1-0f1e2d3c4b5a',
          knownAt: null,
          trainingCutoff: NOW,
          panelHash: 'x',
          forecaster: 'network',
        },
        ...{
          config: {},
          seed: 7,
          backend: 'wasm',
          trainingSeconds: 1,
          quantiles: [0.1, 0.5, 0.9],
          horizon: 24,
          metrics: {},
        },
      },
    });
    await registry.promote({ modelVersion, reason: `scale ${scale}`, evidence: null });
    return modelVersion;
  };
  const first = await register(1);
  const app = await build({
    registry,
    restoreForecaster: (model) => weeklyNaive((model as { scale: number }).scale),
  });
  clock.advance(1000);
  const second = await register(2);
  const served = async () => {
    const outcome = await app.serving.refresh();
    const { modelVersion, quantiles } = (
      await app.inject('/v1/series/74/forecast?horizon=1')
    ).json();
    return [outcome, modelVersion, Math.round(quantiles['0.5'][0] / (10 * lastWeek(0, 0)))];
  };
  expect(await served()).toEqual(['changed', second, 2]);
  await registry.rollback({ reason: 'it errs' });
  expect(await served()).toEqual(['changed', first, 1]);
  expect(await served()).toEqual(['unchanged', first, 1]);
  expect((await app.inject('/v1/model')).json().promotion).toMatchObject({
    number: 3,
    kind: 'rolled-back',
    reason: 'it errs',
  });
  const { models } = (await app.inject('/v1/models')).json();
  expect(
    models.map(({ modelVersion, isChampion }: { modelVersion: string; isChampion: boolean }) => [
      modelVersion,
      isChampion,
    ]),
  ).toEqual([
    [second, false],
    [first, true],
  ]);
  expect(models[1].history.map(({ kind }: { kind: string }) => kind)).toEqual([
    'promoted',
    'rolled-back',
  ]);
  await app.close();
});
