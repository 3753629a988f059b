/**
 * Purpose: a model of others meets the same gate as ours, and a card that is wrong is refused with
 * the field that is.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { listModels } from '../../../../../cli/actions/models/registry.ts';
import type { CommandContext } from '../../../../../cli/context.ts';
import type { ExternalCard, RunGraph } from '../../../../../forecasting/models/external/card.ts';
import {
  externalForecaster,
  isExternal,
  type SavedExternal,
} from '../../../../../forecasting/models/external/forecaster.ts';
import {
  restoreNetwork,
  saveNetwork,
} from '../../../../../forecasting/models/network/forecaster.ts';
import { timestampAt } from '../../../../../forecasting/panel/panel.ts';
import { testCutoffs } from '../../../../../services/training/evaluation.ts';
import {
  aboutOf,
  evaluateExternal,
} from '../../../../../services/training/external/evaluate-external.ts';
import { readExternal } from '../../../../../services/training/external/read-folder.ts';
import { trainingTable } from '../../../../../services/training/external/training-table.ts';
import { train } from '../../../../../services/training/train.ts';
import { externalCard, externalGraph, repeatLastDay } from '../../../../fixtures/external-model.ts';
import { randomTrained } from '../../../../fixtures/random-trained.ts';
import { startBackend } from '../../../../fixtures/toy-network.ts';
import {
  commitPanel,
  learnable,
  openToy,
  toyConfig,
  toyDomain,
} from '../../../../fixtures/toy-store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-external-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function evaluated(card: ExternalCard, run: RunGraph) {
  const toy = openToy(join(folder, 'store'));
  await commitPanel(folder, toy, learnable());
  const model = { card, graph: externalGraph() };
  // Few cutoffs are enough to lose.
  const config = { ...toyConfig, cutoffStep: 37 };
  return { ...toy, result: await evaluateExternal({ ...toy.request, config, model, run }) };
}

test('rejects a weak model and stores card, graph and verdict', async () => {
  const { registry, result } = await evaluated(externalCard, repeatLastDay);
  expect(result.verdict).toMatchObject({ promoted: false, outcome: 'rejected' });
  expect(result.verdict.comparisons.map(({ reference }) => reference)).toContain('seasonal_naive');
  const { card, model, weights } = await registry.load(result.card.modelVersion);
  expect(card).toMatchObject({
    forecaster: 'external',
    config: { external: { licence: 'Apache-2.0', source: 'made by a test' } },
  });
  const printed: string[] = [];
  const print = (line: string) => void printed.push(line);
  const context = { registry: async () => registry, print, printJson: () => {} };
  await listModels(context as unknown as CommandContext);
  const { all } = card.metrics as { all: Record<string, { mae: number }> };
  expect(printed.join()).toContain(` ${all.external?.mae} `);
  expect(isExternal(model) && model.calibration?.trust.length).toBeGreaterThan(0);
  expect(Buffer.compare(Buffer.from(weights), Buffer.from(externalGraph()))).toBe(0);
  expect((await registry.promotions()).map(({ kind }) => kind)).toEqual(['rejected']);
  expect(await registry.champion()).toBeNull();
});

test('rejects a model that was trained on the test span', async () => {
  const card = { ...externalCard, trainedUpTo: '2100-01-01T00:00:00Z' };
  const { result } = await evaluated(card, repeatLastDay);
  expect(result.verdict.reason).toBe('not promoted: it was trained on rows that it is scored on');
});

test('stores the ensemble with the champion as scored, with both on the card', async () => {
  const toy = openToy(join(folder, 'store'));
  const panel = learnable();
  await commitPanel(folder, toy, panel);
  const config = { ...toyConfig, cutoffStep: 37 };
  const model = { card: externalCard, graph: externalGraph() };
  const request = { ...toy.request, config, model, run: repeatLastDay, withChampion: true };
  await expect(evaluateExternal(request)).rejects.toMatchObject({ code: 'NO_CHAMPION' });

  await startBackend();
  const { card: champion } = await train({ ...toy.request, config });
  const { modelVersion } = champion;
  await toy.registry.promote({ modelVersion, reason: 'by a test', evidence: null });
  const { card, verdict } = await evaluateExternal(request);
  expect(card.config).toMatchObject({
    external: { name: 'repeat-last-day' },
    ensemble: { modelVersion, shares: expect.any(Array) },
  });
  // One that repeats the last day adds nothing to a network that has learnt the panel.
  expect(verdict.promoted).toBe(false);
  expect(verdict.comparisons.map(({ reference }) => reference)).toContain('champion');

  const stored = await toy.registry.load(card.modelVersion);
  const saved = stored.model as SavedExternal;
  const { ensemble } = saved;
  expect(ensemble?.graphBytes).toBe(externalGraph().length);
  expect(ensemble?.shares).toHaveLength(toyDomain.horizon);
  const ours = restoreNetwork(ensemble?.model, stored.weights.slice(ensemble?.graphBytes));
  const own = await toy.registry.load(modelVersion);
  const at = [panel, panel.length - 1, toyDomain.horizon] as const;
  expect(ours.predict(...at)).toEqual(restoreNetwork(own.model, own.weights).predict(...at));
  const restored = externalForecaster(saved, repeatLastDay, ours);
  expect(restored.predict(...at).every(Number.isFinite)).toBe(true);
  expect(() => externalForecaster(saved, repeatLastDay)).toThrow(/takes the model that it names/);
});

test('the card of an ensemble names the exogenous columns of our model', () => {
  const standard = { mean: 0, deviation: 1 };
  const exogenous = {
    past: [{ name: 'visitors', ...standard }],
    future: [{ name: 'rain', ...standard }],
  };
  const { model } = saveNetwork(randomTrained(learnable(), { exogenous }));
  const ensemble = { modelVersion: 'm', model, shares: [1], graphBytes: 1 };
  expect(aboutOf({ card: externalCard, ensemble })).toMatchObject({
    ...{ ensemble: { modelVersion: 'm', shares: [1] }, exogenous: ['visitors', 'rain'] },
  });
  expect(aboutOf({ card: externalCard }).exogenous).toEqual([]);
});

test('reports a graph that does not match its card', async () => {
  const run: RunGraph = () => [{ values: new Float32Array(3) }];
  await expect(evaluated(externalCard, run)).rejects.toMatchObject({
    code: 'MODEL_INCOMPATIBLE',
    message: expect.stringContaining('quantile_preds has 3 values'),
  });
});

const write = async (card: object) => {
  await writeFile(join(folder, 'card.json'), JSON.stringify(card));
  await writeFile(join(folder, 'model.onnx'), externalGraph());
};

test('reads a folder as written', async () => {
  await write(externalCard);
  const { card, graph } = await readExternal(folder);
  expect(card).toEqual(externalCard);
  expect(graph.length).toBe(externalGraph().length);
});

const rows = { name: 'rows', kind: 'rows', columns: ['step', 'lag:24:1'] };
test.each([
  [{ horizon: 0 }, /\/horizon/],
  [{ licence: undefined }, /licence/],
  [{ quantiles: [0.5, 0.1] }, /do not ascend/],
  [{ graph: '../model.onnx' }, /not a file of the folder/],
  [{ trainedUpTo: 'yesterday' }, /not a time/],
  [{ inputs: [{ ...rows, columns: ['tomorrow'] }] }, /no column "tomorrow"/],
  [{ outputs: [{ name: 'q', axes: ['series', 'step'] }] }, /the axes series, step/],
  [{ outputs: [externalCard.outputs[0], externalCard.outputs[0]] }, /2 outputs and 5 quantiles/],
])('refuses %j', async (change, problem) => {
  await write({ ...externalCard, ...change });
  await expect(readExternal(folder)).rejects.toMatchObject({
    code: 'MODEL_CARD_INVALID',
    message: expect.stringMatching(problem),
  });
});

test('names the missing graph file of a folder', async () => {
  await writeFile(join(folder, 'card.json'), JSON.stringify(externalCard));
  await expect(readExternal(folder)).rejects.toMatchObject({
    code: 'SOURCE_NOT_FOUND',
    where: join(folder, 'model.onnx'),
  });
});

test('a training table holds the rows before the calibration and their targets', () => {
  const card = { ...externalCard, horizon: 6, inputs: [rows] } as unknown as ExternalCard;
  const panel = learnable();
  const { tensors, columns, trainedUpTo } = trainingTable(card, toyDomain, panel, toyConfig);
  const [testStart = 0] = testCutoffs(toyDomain, panel, toyConfig);
  const heldOut = toyConfig.fit.calibrationIntervals + toyDomain.horizon;
  expect(trainedUpTo).toBe(timestampAt(panel, testStart - heldOut));
  const [count] = tensors.y.shape;
  expect(tensors.x.shape).toEqual([count, 2]);
  expect(columns).toEqual(rows.columns);
  // Steps of the first row and of the last.
  expect([tensors.x.values[0], tensors.x.values.at(-2)]).toEqual([1, 6]);
  const known = panel.columns.target;
  expect(known.includes(tensors.y.values.at(-1) as number)).toBe(true);
  expect(() => trainingTable(externalCard, toyDomain, panel, toyConfig)).toThrow(
    /does not read a table/,
  );
});
