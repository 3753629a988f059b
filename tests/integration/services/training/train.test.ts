/**
 * Purpose: a training run from a snapshot on disk to a champion, and every way in which it must not
 * get there.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { backtestCutoffs, runBacktest } from '../../../../forecasting/evaluation/backtest.ts';
import {
  networkForecaster,
  restoreNetwork,
} from '../../../../forecasting/models/network/forecaster.ts';
import { HeadwayError, isHeadwayError } from '../../../../platform/errors.ts';
import { train } from '../../../../services/training/train.ts';
import { readTrainingPanel } from '../../../../services/training/training-panel.ts';
import { hashPanel } from '../../../../storage/features/panel-hash.ts';
import { MIN_HISTORY } from '../../../fixtures/random-panels.ts';
import { NOW } from '../../../fixtures/storage/features.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';
import {
  commitPanel,
  HORIZON,
  learnable,
  openToy,
  randomWalk,
  TOYS,
  toyConfig,
  toyDomain,
} from '../../../fixtures/toy-store.ts';

const HOUR = 3_600_000;
const TEST_INTERVALS = toyConfig.testDays * 24;

beforeAll(async () => {
  await startBackend();
});

const makeFolder = () => mkdtemp(join(tmpdir(), 'headway-training-'));
const remove = (folder: string) => rm(folder, { recursive: true, force: true });

/** On data with a pattern that the naive forecasters miss. */
let trained: string;
let toy: ReturnType<typeof openToy>;
let first: Awaited<ReturnType<typeof train>>;
beforeAll(async () => {
  trained = await makeFolder();
  toy = openToy(join(trained, 'store'));
  await commitPanel(trained, toy, learnable());
  first = await train(toy.request);
}, 60_000);
afterAll(() => remove(trained));

describe('train on data with a pattern that the naive forecasters miss', () => {
  test('registers a model that beats them and makes it champion', async () => {
    expect(first.verdict.reason).toMatch(/^promoted: /);
    expect(first.verdict.promoted).toBe(true);
    expect(await toy.registry.champion()).toMatchObject({
      modelVersion: first.card.modelVersion,
      kind: 'promoted',
    });
    expect(first.verdict.comparisons).toHaveLength(3);
    for (const one of first.verdict.comparisons)
      expect(one).toMatchObject({ challenger: 'network', isBetter: true });
    expect((await toy.registry.verify()).problems).toEqual([]);
  });

  test('logs the verdict with its figures', async () => {
    const [entry] = await toy.registry.promotions();
    expect(entry).toMatchObject({ kind: 'promoted', at: NOW });
    expect(entry?.reason).toContain(first.verdict.reason);
    const { outcome, moreCutoffs, comparisons, groups } = first.verdict;
    const evidence = JSON.parse(JSON.stringify({ outcome, moreCutoffs, comparisons, groups }));
    expect(entry?.evidence).toMatchObject({ ...evidence, level: comparisons[0]?.level });
    expect(first.card.evidence).toMatchObject(evidence);
    expect(comparisons[0]?.level).toBeCloseTo(0.05 / 15, 10);
  });

  test('the card names its inputs, and the same panel can be read again', async () => {
    const { card } = first;
    const head = await toy.features.head();
    expect(card).toMatchObject({
      domain: 'toy',
      snapshotVersion: head?.snapshotVersion,
      forecaster: 'network',
      seed: 1,
      backend: 'wasm',
      quantiles: [0.1, 0.5, 0.9],
      horizon: HORIZON,
      config: JSON.parse(JSON.stringify(toyConfig)),
    });
    const again = await toy.features.readAsOf({
      snapshotVersion: card.snapshotVersion,
      ...(card.knownAt === null ? {} : { knownAt: card.knownAt }),
    });
    expect(hashPanel(again)).toBe(card.panelHash);
    // Nothing of the test days.
    expect(card.trainingCutoff).toBe(again.start + (again.length - TEST_INTERVALS - 1) * HOUR);
  });

  test('the card has the figures of the test span, including the worse ones', () => {
    const { all } = first.card.metrics as { all: Record<string, Record<string, number>> };
    expect(Object.keys(all).sort()).toEqual([
      'last_value',
      'mean_4_weeks',
      'network',
      'seasonal_naive',
    ]);
    const cutoffs = backtestCutoffs(
      first.panel.length,
      TEST_INTERVALS,
      HORIZON,
      toyConfig.cutoffStep,
    );
    expect(first.evaluation.result.cutoffs).toEqual(cutoffs);
    expect(all.network?.count).toBe(cutoffs.length * TOYS.length * HORIZON);
    expect(all.network?.mae).toBeCloseTo(first.evaluation.metrics.all?.network?.mae as number, 4);
    const best = Math.min(
      ...['last_value', 'seasonal_naive', 'mean_4_weeks'].map((name) => all[name]?.mae as number),
    );
    expect(all.network?.mae).toBeLessThan(0.9 * best);
    expect(all.mean_4_weeks?.pinball).toBeNull();
  });

  test('registers exactly the model that was scored', async () => {
    const { model, weights } = await toy.registry.load(first.card.modelVersion);
    const { result, fitted } = first.evaluation;
    const scored = result.forecasts.find(({ name }) => name === 'network');
    const restored = await runBacktest(
      first.panel,
      [restoreNetwork(model, weights)],
      result.cutoffs,
      HORIZON,
    );
    expect(restored.forecasts[0]?.values).toEqual(scored?.values);
    expect(networkForecaster(fitted).predict(first.panel, 1500, HORIZON)).toEqual(
      restoreNetwork(model, weights).predict(first.panel, 1500, HORIZON),
    );
  });

  test('rejects a twin trained from the same snapshot and seed', async () => {
    const second = await train(toy.request);
    expect(second.evaluation.fitted.members).toEqual(first.evaluation.fitted.members);
    expect(second.card.panelHash).toBe(first.card.panelHash);
    expect(second.verdict).toMatchObject({ promoted: false });
    expect(second.verdict.reason).toMatch(/^not promoted: .*champion/);
    expect(second.verdict.comparisons.at(-1)).toMatchObject({
      reference: 'champion',
      difference: 0,
      isBetter: false,
    });
    expect((await toy.registry.champion())?.modelVersion).toBe(first.card.modelVersion);
    expect((await toy.registry.promotions()).at(-1)?.kind).toBe('rejected');
  });

  test('keeps a champion promoted during the training, which was not compared with', async () => {
    const folder = await makeFolder();
    const other = openToy(join(folder, 'store'));
    await cp(join(trained, 'store'), join(folder, 'store'), { recursive: true });
    const logAtStart = await other.registry.promotions();
    const { model, weights, card } = await other.registry.load(first.card.modelVersion);
    // As before the first promotion, and with the first chart comes another champion.
    let newer = '';
    const registry: typeof other.registry = {
      ...other.registry,
      champion: async () => (newer === '' ? null : other.registry.champion()),
      promotions: async () => [],
    };
    const drawVerdict = async () => {
      if (newer === '') {
        const twin = await other.registry.register({
          ...{ model, weights, card: { ...cardOf(card), seed: 99 } },
        });
        newer = twin.modelVersion;
        await other.registry.promote({ modelVersion: newer, reason: 'by hand', evidence: null });
      }
      return '<svg xmlns="http://www.w3.org/2000/svg"/>';
    };
    const { verdict, card: challenger } = await train({
      ...{
        ...other.request,
        registry,
        drawVerdict,
        seed: 1,
        snapshotVersion: card.snapshotVersion,
      },
    });
    expect(verdict).toMatchObject({ outcome: 'inconclusive', promoted: false, moreCutoffs: null });
    expect(verdict.reason).toContain(`${newer} is champion now, but there was none`);
    expect((await other.registry.champion())?.modelVersion).toBe(newer);
    const entries = (await other.registry.promotions()).slice(logAtStart.length);
    expect(entries.map(({ kind }) => kind)).toEqual(['promoted', 'inconclusive']);
    expect(entries.at(-1)).toMatchObject({
      modelVersion: challenger.modelVersion,
      evidence: { outcome: 'inconclusive' },
    });
    await remove(folder);
  }, 60_000);

  test('trains on an earlier snapshot after a later commit', async () => {
    const head = await toy.features.head();
    const more = learnable(2);
    await commitPanel(
      trained,
      toy,
      {
        ...more,
        length: 24,
        columns: { target: more.columns.target.filter((_, i) => i % more.length < 24) },
      },
      'two',
      more.length,
    );
    const { panel } = await readTrainingPanel(toy.features, toyDomain, {
      ...(head ? { snapshotVersion: head.snapshotVersion } : {}),
    });
    expect(hashPanel(panel)).toBe(first.card.panelHash);
    expect((await readTrainingPanel(toy.features, toyDomain)).panel.length).toBe(panel.length + 24);
  });
});

describe('train on unsuitable input', () => {
  let folder: string;
  let logged: string[];
  let own: ReturnType<typeof openToy>;
  beforeEach(async () => {
    folder = await makeFolder();
    logged = [];
    own = openToy(
      join(folder, 'store'),
      pino({ level: 'error' }, { write: (line: string) => logged.push(line) }),
    );
  });
  afterEach(() => remove(folder));

  test('does not promote a network on a random walk', async () => {
    await commitPanel(folder, own, randomWalk());
    const { verdict, card } = await train({
      ...own.request,
      config: { ...toyConfig, fit: { ...toyConfig.fit, steps: 20 } },
    });
    expect(verdict.promoted).toBe(false);
    expect(verdict.outcome).not.toBe('promoted');
    expect(await own.registry.champion()).toBeNull();
    // Refused, but kept, with the verdict.
    expect((await own.registry.list()).map(({ modelVersion }) => modelVersion)).toEqual([
      card.modelVersion,
    ]);
    expect((await own.registry.promotions())[0]).toMatchObject({
      kind: 'rejected',
      modelVersion: card.modelVersion,
    });
  });

  test.each([
    ['was damaged on disk', true],
    ['is of an unknown kind', false],
  ])(
    'skips the comparison with a champion that %s',
    async (_title, isDamaged) => {
      await cp(join(trained, 'store'), join(folder, 'store'), { recursive: true });
      const { card } = first;
      if (isDamaged) await damage(join(folder, 'store'), card.modelVersion);
      const champion = isDamaged
        ? card
        : await own.registry.register({
            model: { kind: 'forest' },
            weights: new Uint8Array(8),
            card: cardOf(card),
          });
      if (!isDamaged)
        await own.registry.promote({
          modelVersion: champion.modelVersion,
          reason: 'test',
          evidence: null,
        });
      const fit = { ...toyConfig.fit, steps: 2 };
      const quick = { ...own.request, config: { ...toyConfig, fit } };
      const { verdict } = await train({ ...quick, seed: 4 });
      expect(verdict.comparisons.map(({ reference }) => reference)).not.toContain('champion');
      expect(verdict.reason).toContain('(the champion was not part of the comparison: ');
      expect(logged.join()).toContain('the champion cannot be part of the comparison');
      expect(logged.join()).toContain(champion.modelVersion);
    },
    60_000,
  );

  test('fails if the champion cannot be loaded from the store', async () => {
    await cp(join(trained, 'store'), join(folder, 'store'), { recursive: true });
    const registry: typeof own.registry = {
      ...own.registry,
      load: () =>
        Promise.reject(new HeadwayError('STORE_UNAVAILABLE', 'the store does not respond')),
    };
    const code = await train({ ...own.request, registry }).catch(
      (error: unknown) => (error as HeadwayError).code,
    );
    expect(code).toBe('STORE_UNAVAILABLE');
    expect((await own.registry.champion())?.modelVersion).toBe(first.card.modelVersion);
  });

  test('states in days how much history is missing', async () => {
    const panel = learnable();
    const length = MIN_HISTORY;
    await commitPanel(folder, own, {
      ...panel,
      length,
      columns: { target: panel.columns.target.filter((_, i) => i % panel.length < length) },
    });
    const error = await train(own.request).catch((caught: unknown) => caught);
    expect(isHeadwayError(error, 'HISTORY_TOO_SHORT')).toBe(true);
    // what a window reaches back, one horizon, the test days.
    expect((error as Error).message).toContain(`(${length} intervals);`);
    const needed = MIN_HISTORY + HORIZON + TEST_INTERVALS;
    expect((error as Error).message).toContain(`(${needed} intervals) are needed`);
    expect(await own.registry.list()).toEqual([]);
  });

  test('fails without a snapshot and for an unknown one', async () => {
    const codeOf = (error: unknown) => (error as { code?: string }).code;
    expect(await train(own.request).catch(codeOf)).toBe('SNAPSHOT_EMPTY');
    expect(await train({ ...own.request, snapshotVersion: '7-abcdefabcdef' }).catch(codeOf)).toBe(
      'OBJECT_NOT_FOUND',
    );
  });
});

/** What a caller hands to `register` of a card. */
function cardOf(card: Awaited<ReturnType<typeof train>>['card']) {
  const { format: _f, domain: _d, modelVersion: _m, createdAt: _c, files: _files, ...rest } = card;
  return rest;
}

async function damage(store: string, modelVersion: string): Promise<void> {
  const folder = join(store, 'models', 'toy', modelVersion);
  expect(await readdir(folder)).toContain('weights.bin');
  const path = join(folder, 'weights.bin');
  const bytes = await readFile(path);
  bytes[17] = (bytes[17] as number) ^ 1;
  await rm(path);
  await writeFile(path, bytes);
}
