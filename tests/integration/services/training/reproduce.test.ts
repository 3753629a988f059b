/**
 * Purpose: a model is made again from its card: after late data, from another's weights, and not
 * from a store that was tampered with.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Panel } from '../../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../../platform/errors.ts';
import { encodeChecksummedJson } from '../../../../platform/files/checksummed-json.ts';
import { sha256 } from '../../../../platform/files/content-hash.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import {
  type ReproductionRequest,
  reproduce,
  whyDifferent,
} from '../../../../services/training/reproduce.ts';
import { type TrainingResult, train } from '../../../../services/training/train.ts';
import { hashPanel } from '../../../../storage/features/panel-hash.ts';
import { parseModelCard } from '../../../../storage/models/model-card.ts';
import { NOW } from '../../../fixtures/storage/features.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';
import { commitPanel, learnable, openToy, toyConfig, WEEKS } from '../../../fixtures/toy-store.ts';

const config = {
  ...toyConfig,
  testDays: 7,
  fit: { ...toyConfig.fit, steps: 4, batchSize: 16, stride: 23 },
};

/** Two of the toys: the fewer, the faster. */
function few(seed = 1): Panel {
  const panel = learnable(seed);
  return {
    ...panel,
    seriesIds: panel.seriesIds.slice(0, 2),
    columns: { target: panel.columns.target.slice(0, 2 * panel.length) },
  };
}
let folder = '';
let toy: ReturnType<typeof openToy>;
let cold: TrainingResult;
let warm: TrainingResult;

beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(join(tmpdir(), 'headway-reproduce-'));
  toy = openToy(join(folder, 'store'));
  await commitPanel(folder, toy, few());
  cold = await train({ ...toy.request, config });
  await toy.registry.promote({
    modelVersion: cold.card.modelVersion,
    reason: 'by hand',
    evidence: null,
  });
  warm = await train({ ...toy.request, config, warmStart: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const again = (modelVersion: string, more: Partial<ReproductionRequest> = {}) =>
  reproduce({
    ...{ features: toy.features, registry: toy.registry, modelVersion, progress: silentProgress },
    startBackend: async () => null,
    ...more,
  });

/** The whole year again, every value other, known a day later: a backfill as bad as can be. */
const backfill = async () => {
  const later = few(2);
  const before = await toy.features.head();
  await commitPanel(folder, toy, later, 'one');
  await commitPanel(folder, toy, later, 'again');
  expect((await toy.features.head())?.number).toBeGreaterThan(before?.number ?? 0);
  expect(hashPanel(await toy.features.readAsOf())).not.toBe(cold.card.panelHash);
};

test('a model of a sample of the series is made again from that sample', async () => {
  const maxValues = cold.panel.length;
  const sampled = await train({ ...toy.request, config: { ...config, maxValues } });
  expect(sampled.panel.seriesIds).toHaveLength(1);
  const { trainingSet, weights } = await again(sampled.card.modelVersion);
  expect(trainingSet).toMatchObject({ equal: true, series: 1 });
  expect(weights?.outcome).toBe('equal');
});

test('the card has its build environment', () => {
  expect(cold.card).toMatchObject({
    format: 3,
    knownAt: NOW,
    madeWith: { node: process.versions.node },
  });
});

test('training set and weights are equal, after a cold and a warm start', async () => {
  const first = await again(cold.card.modelVersion);
  expect(first.trainingSet).toMatchObject({
    equal: true,
    found: cold.card.panelHash,
    intervals: WEEKS * 168,
  });
  const { sha256: expected } = cold.card.files['weights.bin'];
  expect(first.weights).toEqual({
    outcome: 'equal',
    expected,
    found: expected,
    restEqual: true,
    why: null,
  });
  expect(warm.card.config).toMatchObject({ warmStart: cold.card.modelVersion });
  expect((await again(warm.card.modelVersion)).weights).toMatchObject({
    outcome: 'equal',
    restEqual: true,
  });
});

test('a late backfill changes nothing, and nothing is registered or promoted', async () => {
  await backfill();
  const before = [await toy.registry.list(), await toy.registry.promotions()];
  expect(await again(cold.card.modelVersion)).toMatchObject({
    trainingSet: { equal: true },
    weights: { outcome: 'equal' },
  });
  expect([await toy.registry.list(), await toy.registry.promotions()]).toEqual(before);
});

test('the panel-only check fits nothing', async () => {
  const startNothing = () => Promise.reject(new Error('nobody asked for a backend'));
  const { trainingSet, weights } = await again(cold.card.modelVersion, {
    panelOnly: true,
    startBackend: startNothing,
  });
  expect([trainingSet.equal, weights]).toEqual([true, null]);
});

/** A copy of a model under a card that says otherwise. */
async function registered(of: TrainingResult, changes: Record<string, unknown>): Promise<string> {
  const { model, weights, card } = await toy.registry.load(of.card.modelVersion);
  const { format: _f, modelVersion: _v, domain: _d, createdAt: _c, files: _s, ...rest } = card;
  return (await toy.registry.register({ model, weights, card: { ...rest, ...changes } }))
    .modelVersion;
}

test('detects another training set and fits nothing on it', async () => {
  const { trainingSet, weights } = await again(
    await registered(cold, { panelHash: 'f'.repeat(64) }),
  );
  expect([trainingSet.equal, trainingSet.found, weights]).toEqual([
    false,
    cold.card.panelHash,
    null,
  ]);
});

test('reports another seed as different', async () => {
  const { weights } = await again(await registered(cold, { seed: 2 }));
  expect(weights).toMatchObject({
    outcome: 'different',
    expected: cold.card.files['weights.bin'].sha256,
  });
  expect(weights?.why).toMatch(/^nothing that its card names differs/);
});

test('reports what explains a difference', () => {
  const now = { node: '22.0.0', tensorflow: '4.22.0', timeZones: '2025a', platform: 'linux x64' };
  expect(whyDifferent({ ...now, node: '20.1.0', timeZones: '2024b' }, now)).toContain(
    'Node was 20.1.0, is 22.0.0; the time-zone database was 2024b, is 2025a',
  );
  expect(whyDifferent(null, now)).toContain('does not say its Node');
  expect(whyDifferent(now, now)).toContain('nothing that its card names differs');
});

test.each([
  [
    'a card without a field',
    { config: { ...config, fit: { steps: 4 } } },
    /does not say members, stride/,
  ],
  [
    'a start that is gone',
    { config: { ...config, warmStart: '20200101T000000Z-000000000000' } },
    /cannot be used: MODEL_NOT_FOUND/,
  ],
  ['another forecaster', { forecaster: 'oak' }, /^it is of the kind oak/],
  ['a cutoff outside', { trainingCutoff: 1 }, /trainin.* cutoff .* lies outside/],
])('%s: does not compare, and explains why', async (_title, changes, why) => {
  const { weights, trainingSet } = await again(await registered(cold, changes));
  expect(trainingSet.equal).toBe(true);
  expect(weights).toMatchObject({ outcome: 'not compared', found: null });
  expect(weights?.why).toMatch(why);
});

test('an unavailable backend is a reason not to compare', async () => {
  const noBackend = () => Promise.reject(new HeadwayError('BACKEND_UNAVAILABLE', 'not installed'));
  const { weights } = await again(cold.card.modelVersion, { startBackend: noBackend });
  expect(weights).toMatchObject({
    outcome: 'not compared',
    why: 'its backend, wasm, does not run here: not installed',
  });
});

test('training as of an earlier time records it and reproduces the model', async () => {
  const result = await train({ ...toy.request, config, knownAt: NOW });
  expect(result.card).toMatchObject({ knownAt: NOW });
  expect(await again(result.card.modelVersion)).toMatchObject({
    trainingSet: { equal: true },
    weights: { outcome: 'equal' },
  });
});

test('reads a card of format 1, and explains different weights', async () => {
  const key = `models/toy/${cold.card.modelVersion}/card.json`;
  const { format: _three, madeWith: _unknown, evidence: _none, refit: _also, ...old } = cold.card;
  const card = parseModelCard(key, encodeChecksummedJson({ format: 1, ...old }));
  expect(card).toEqual({ ...old, format: 1, madeWith: null, evidence: null, refit: null });
  expect(() => parseModelCard(key, encodeChecksummedJson({ format: 2, ...old }))).toThrow();
  expect(() => parseModelCard(key, encodeChecksummedJson({ ...cold.card, format: 1 }))).toThrow();
});

test('names a changed object of the training set', async () => {
  const data = join(folder, 'store', 'features', 'toy', 'data');
  const manifest = await toy.features.manifest(cold.card.snapshotVersion);
  const [object] = manifest.objects;
  const path = join(data, `${object?.sha256}.parquet`);
  expect(await readdir(data)).toContain(`${object?.sha256}.parquet`);
  const bytes = await readFile(path);
  expect(sha256(bytes)).toBe(object?.sha256);
  bytes[100] = (bytes[100] as number) ^ 1;
  await rm(path);
  await writeFile(path, bytes);
  await expect(again(cold.card.modelVersion)).rejects.toMatchObject({
    code: 'STORE_CORRUPT',
    where: object?.key,
  });
});
