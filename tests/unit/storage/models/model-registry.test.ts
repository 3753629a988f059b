/** Purpose: what the model registry promises. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { encodeChecksummedJson } from '../../../../platform/files/checksummed-json.ts';
import { sha256 } from '../../../../platform/files/content-hash.ts';
import {
  type ModelRegistry,
  openModelRegistry,
} from '../../../../storage/models/model-registry.ts';
import { objectKeys } from '../../../../storage/objects/object-keys.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { NOW } from '../../../fixtures/storage/features.ts';
import { modelOf } from '../../../fixtures/storage/models.ts';

let store: MemoryObjectStore;
let clock: ReturnType<typeof fixedClock>;
let models: ModelRegistry;

beforeEach(() => {
  store = memoryObjectStore();
  clock = fixedClock(NOW);
  models = openModelRegistry({ store, domain: 'toy', clock });
});

async function register(...seeds: number[]): Promise<string[]> {
  const versions: string[] = [];
  for (const seed of seeds) {
    clock.advance(1000);
    versions.push((await models.register(modelOf(seed))).modelVersion);
  }
  return versions;
}

const promote = (modelVersion: string) =>
  models.promote({ modelVersion, reason: 'better', evidence: { skill: 0.1 } });

describe('model registration', () => {
  test('loads a model as it was registered', async () => {
    const card = await models.register(modelOf(3));
    expect(card.modelVersion).toMatch(/^20240601T000000Z-[0-9a-f]{12}$/);
    expect(card).toMatchObject({
      ...modelOf(3).card,
      format: 3,
      domain: 'toy',
      createdAt: NOW,
      madeWith: null,
    });
    const loaded = await models.load(card.modelVersion);
    expect(loaded.card).toEqual(card);
    expect(loaded.model).toEqual(modelOf(3).model);
    expect(Buffer.compare(loaded.weights, modelOf(3).weights)).toBe(0);
  });

  test('stores a model once that is registered twice at the same time', async () => {
    expect(await models.register(modelOf(1))).toEqual(await models.register(modelOf(1)));
    expect(await models.list()).toHaveLength(1);
  });

  test('lists cards newest first', async () => {
    const versions = await register(1, 2, 3);
    expect((await models.list()).map(({ modelVersion }) => modelVersion)).toEqual(
      versions.reverse(),
    );
  });

  test('reports an unknown model as MODEL_NOT_FOUND', async () => {
    await expect(models.load('20240101T000000Z-000000000000')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    await expect(models.load('../../etc')).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(promote('20240101T000000Z-000000000000')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
  });

  test('does not list a model whose card was never written', async () => {
    store.fault = (operation, key) =>
      operation === 'createIfAbsent' && key.endsWith('card.json') ? 'before' : undefined;
    await expect(models.register(modelOf(1))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.fault = () => undefined;
    expect(await models.list()).toEqual([]);
    const { problems, orphans } = await models.verify();
    expect([problems.length, orphans.length]).toEqual([0, 2]);
    await models.register(modelOf(1));
    expect(await models.verify()).toMatchObject({ objects: 3, problems: [], orphans: [] });
    const sizes = await Promise.all(
      (await store.list('models/')).map(async (key) => (await store.get(key)).length),
    );
    expect((await models.verify()).bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  test('refuses an invalid card before anything is written', async () => {
    const request = modelOf(1);
    const spoiled = { ...request, card: { ...request.card, horizon: 0 } };
    await expect(models.register(spoiled)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(store.objects.size).toBe(0);
  });
});

describe('promotions', () => {
  test('the last promotion names the champion; refusals are logged next to it', async () => {
    expect(await models.champion()).toBeNull();
    const [a, b] = await register(1, 2);
    await promote(a);
    await models.recordVerdict('rejected', {
      modelVersion: b,
      reason: 'not better',
      evidence: { skill: -0.1 },
    });
    expect(await models.champion()).toMatchObject({
      modelVersion: a,
      kind: 'promoted',
      number: 1,
      evidence: { skill: 0.1 },
    });
    expect(
      (await models.promotions()).map(({ kind, modelVersion }) => [kind, modelVersion]),
    ).toEqual([
      ['promoted', a],
      ['rejected', b],
    ]);
  });

  test('promoting the champion again changes nothing', async () => {
    const [a, b] = await register(1, 2);
    const first = await promote(a);
    expect(await promote(a)).toEqual(first);
    await models.recordVerdict('inconclusive', { modelVersion: b, reason: 'no', evidence: null });
    expect(await promote(a)).toEqual(first);
    expect(await models.promotions()).toHaveLength(2);
  });

  test('an inconclusive verdict keeps the champion and is skipped by a rollback', async () => {
    const [a, b, c] = await register(1, 2, 3);
    await promote(a);
    await promote(b);
    const thin = await models.recordVerdict('inconclusive', {
      modelVersion: c,
      reason: 'thin',
      evidence: { moreCutoffs: 9 },
    });
    expect(thin).toMatchObject({
      kind: 'inconclusive',
      modelVersion: c,
      number: 3,
      format: 2,
      picture: null,
    });
    expect((await models.champion())?.modelVersion).toBe(b);
    expect((await models.rollback({ reason: 'b is bad' })).modelVersion).toBe(a);
    expect(await promote(c)).toMatchObject({ kind: 'promoted', modelVersion: c });
  });

  test('reads entries of format 1, which have no charts', async () => {
    const [a, b] = await register(1, 2);
    const old = (number: number, kind: string, modelVersion: string) => {
      const key = objectKeys.promotion('toy', number);
      const entry = {
        format: 1,
        domain: 'toy',
        number,
        commitId: `c${number}`,
        at: NOW,
        kind,
        modelVersion,
        reason: '',
        evidence: [],
      };
      store.objects.set(key, encodeChecksummedJson(entry));
    };
    old(1, 'promoted', a);
    old(2, 'rejected', b);
    expect(await models.champion()).toMatchObject({ format: 1, modelVersion: a, picture: null });
    expect(await promote(b)).toMatchObject({ format: 2, number: 3 });
    expect(await models.verify()).toMatchObject({ problems: [], orphans: [] });
    // What format 1 did not know, no entry of it holds.
    old(2, 'inconclusive', b);
    await expect(models.promotions()).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      where: objectKeys.promotion('toy', 2),
    });
  });

  test('stores the chart of a verdict next to it and checks its hash', async () => {
    const [a, b] = await register(1, 2);
    const entry = await models.promote({
      modelVersion: a,
      reason: 'better',
      evidence: null,
      chart: '<svg>a</svg>',
    });
    expect(await models.chart(entry)).toBe('<svg>a</svg>');
    const refusal = await models.recordVerdict('rejected', {
      modelVersion: b,
      reason: 'no',
      evidence: null,
    });
    expect(await models.chart(refusal)).toBeNull();
    const key = entry.picture?.key as string;
    expect(key).toBe(objectKeys.verdictChart('toy', sha256('<svg>a</svg>')));
    expect(await models.verify()).toMatchObject({ objects: 9, problems: [], orphans: [] });
    store.objects.set(key, Buffer.from('<svg>b</svg>'));
    const corrupt = { code: 'STORE_CORRUPT', where: key };
    await expect(models.chart(entry)).rejects.toMatchObject(corrupt);
    expect((await models.verify()).problems.map((problem) => problem.key)).toEqual([key]);
    store.objects.delete(key);
    await expect(models.chart(entry)).rejects.toMatchObject(corrupt);
    expect((await models.verify()).problems.map((problem) => problem.key)).toEqual([key]);
  });

  test('verify finds a newest promotion that was deleted or replaced', async () => {
    const [first, second] = (await register(1, 2)) as [string, string];
    await promote(first);
    await promote(second);
    expect((await models.verify()).problems).toEqual([]);
    const key = objectKeys.promotion('toy', 2);
    const folder = objectKeys.promotionWitnesses('toy');
    const committed = (await store.list(folder)).at(-1) as string;
    await store.remove(key);
    expect((await models.champion())?.modelVersion).toBe(first);
    const missing = { key, problem: expect.stringContaining('was committed and is missing') };
    expect((await models.verify()).problems).toEqual([missing]);
    await openModelRegistry({ store, domain: 'toy', clock }).promote({
      modelVersion: second,
      reason: 'another',
      evidence: null,
    });
    for (const other of await store.list(folder))
      if (other !== committed) await store.remove(other);
    const exchanged = { key, problem: expect.stringContaining('another entry is in the place') };
    expect((await models.verify()).problems).toEqual([exchanged]);
  });

  test('rollbacks undo promotions one by one', async () => {
    const [a, b, c] = await register(1, 2, 3);
    await expect(models.rollback({ reason: 'none yet' })).rejects.toMatchObject({
      code: 'NO_CHAMPION',
    });
    const earlier = async () =>
      (await models.earlierChampions()).map(({ modelVersion }) => modelVersion);
    expect(await earlier()).toEqual([]);
    for (const version of [a, b, c]) await promote(version);
    expect(await earlier()).toEqual([b, a]);
    expect(await models.rollback({ reason: 'c is bad' })).toMatchObject({
      kind: 'rolled-back',
      modelVersion: b,
      evidence: { from: c },
    });
    expect((await models.champion())?.modelVersion).toBe(b);
    expect(await earlier()).toEqual([a]); // not c, which was bad
    expect((await models.rollback({ reason: 'b too' })).modelVersion).toBe(a);
    await expect(models.rollback({ reason: 'and a' })).rejects.toMatchObject({
      code: 'NO_CHAMPION',
    });
    await promote(c);
    expect((await models.rollback({ reason: 'again' })).modelVersion).toBe(a);
    expect(await models.promotions()).toHaveLength(7);
  });

  test('a rollback to a twin replaces only the champion, one to an earlier model undoes more', async () => {
    const [a, b, c, twin] = await register(1, 2, 3, 4);
    for (const version of [a, b, c]) await promote(version);
    const evidence = { blocks: 7 };
    const entry = await models.rollback({ reason: 'worse', over: c, to: twin, evidence });
    expect(entry).toMatchObject({ modelVersion: twin, evidence: { from: c, blocks: 7 } });
    const earlier = await models.earlierChampions();
    expect(earlier.map(({ modelVersion }) => modelVersion)).toEqual([b, a]);
    expect((await models.rollback({ reason: 'further', to: a })).modelVersion).toBe(a);
    expect(await models.earlierChampions()).toEqual([]);
  });

  test('refuses a decision made about another champion', async () => {
    const [a, b, c] = await register(1, 2, 3);
    await promote(a);
    await promote(b);
    const conflict = { code: 'COMMIT_CONFLICT' };
    await expect(models.rollback({ reason: 'x', over: a })).rejects.toMatchObject(conflict);
    const verdict = { modelVersion: c, reason: 'x', evidence: null };
    await expect(models.promote({ ...verdict, over: null })).rejects.toMatchObject(conflict);
    expect(await models.promotions()).toHaveLength(2);
    expect((await models.promote({ ...verdict, over: b })).modelVersion).toBe(c);
  });

  test('refuses to promote or to roll back to a damaged model', async () => {
    const [a, b] = await register(1, 2);
    await promote(a);
    await promote(b);
    store.objects.set(`models/toy/${a}/weights.bin`, Uint8Array.of(1));
    const corrupt = { code: 'MODEL_CORRUPT', where: `models/toy/${a}/weights.bin` };
    await expect(models.rollback({ reason: 'x' })).rejects.toMatchObject(corrupt);
    await expect(promote(a)).rejects.toMatchObject(corrupt);
    expect((await models.champion())?.modelVersion).toBe(b);
  });

  test('writes concurrent promotions one after the other', async () => {
    const versions = await register(1, 2, 3, 4);
    await Promise.all(versions.map((version) => promote(version)));
    const log = await models.promotions();
    expect(log.map(({ modelVersion }) => modelVersion).sort()).toEqual([...versions].sort());
    expect((await models.champion())?.modelVersion).toBe(log.at(-1)?.modelVersion);
  });

  test('writes a promotion once whose response was lost', async () => {
    const [a] = await register(1);
    store.fault = (operation) => (operation === 'createIfAbsent' ? 'after' : undefined);
    expect((await promote(a)).modelVersion).toBe(a);
    expect(await models.promotions()).toHaveLength(1);
  });
});
