/** Purpose: the decision log on every store: order, bisection by time, races, damage. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type DecisionDraft,
  type DecisionLog,
  openDecisionLog,
} from '../../../../storage/decisions/decision-log.ts';
import { servedAt } from '../../../../storage/decisions/served-at.ts';
import type { ObjectStore } from '../../../../storage/objects/object-store.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { EVERY_STORE } from '../../../fixtures/storage/every-store.ts';

const decision = (at: number, reason = `at ${at}`): DecisionDraft => ({
  at,
  kind: 'keep',
  actor: 'policy',
  modelVersion: null,
  before: 'a',
  after: 'a',
  reason,
  evidence: { skill: 0.2, series: ['x'], none: null },
  policyHash: 'abc',
  promotion: null,
});
const reasonsOf = (entries: readonly { readonly reason: string }[]) =>
  entries.map(({ reason }) => reason);

describe.each(EVERY_STORE)('the decision log on %s', (_name, open) => {
  let store: ObjectStore;
  let close: () => Promise<void>;
  let log: DecisionLog;
  beforeEach(async () => {
    ({ store, close } = await open());
    log = openDecisionLog({ store, domain: 'toy' });
  });
  afterEach(() => close());

  test('gives back what was written, newest first, and what was decided by a time', async () => {
    expect(await log.recent()).toEqual([]);
    for (const at of [10, 20, 20, 30, 50]) await log.append(decision(at, `${at}`));
    const [newest] = await log.recent({ limit: 1 });
    expect(newest).toMatchObject({ ...decision(50, '50'), number: 5, domain: 'toy', format: 1 });
    expect(reasonsOf(await log.recent({ limit: 2 }))).toEqual(['50', '30']);
    for (const [at, reasons] of [
      [9, []],
      [10, ['10']],
      [20, ['20', '20', '10']],
      [49, ['30', '20', '20', '10']],
      [99, ['50', '30', '20', '20', '10']],
    ] as const)
      expect(reasonsOf(await log.recent({ at }))).toEqual(reasons);
    expect(await log.verify()).toMatchObject({ objects: 5, problems: [], orphans: [] });
  });

  test('a writer whose clock is behind gets the time of the entry before', async () => {
    await log.append(decision(100));
    expect((await log.append(decision(40))).at).toBe(100);
  });

  test('many writers at once lose nothing, and one of those who saw the same head wins', async () => {
    const writers = Array.from({ length: 6 }, () => openDecisionLog({ store, domain: 'toy' }));
    await Promise.all(writers.map((one, i) => one.append(decision(i))));
    const entries = await log.recent();
    expect(entries.map(({ number }) => number)).toEqual([6, 5, 4, 3, 2, 1]);
    const won = await Promise.all(
      writers.map((one, i) =>
        one.appendIf(async (head) => (head?.number === 6 ? decision(100 + i) : null)),
      ),
    );
    expect(won.filter((entry) => entry !== null)).toHaveLength(1);
    expect(await log.recent()).toHaveLength(7);
  });
});

test('an entry that was changed, and one that is missing, are named', async () => {
  const store = memoryObjectStore();
  const log = openDecisionLog({ store, domain: 'toy' });
  for (const at of [1, 2, 3]) await log.append(decision(at));
  const [first, second] = [...store.objects.keys()].sort();
  const text = Buffer.from(store.objects.get(first as string) as Uint8Array).toString();
  store.objects.set(first as string, Buffer.from(text.replace('keep', 'drop')));
  store.objects.delete(second as string);
  const { problems } = await log.verify();
  expect(problems.map(({ key }) => key)).toEqual([first, second]);
  await expect(log.recent()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

test('a decision that is not of the format is not written', async () => {
  const store = memoryObjectStore();
  const log = openDecisionLog({ store, domain: 'toy' });
  const wrong = { ...decision(1), reason: '' };
  await expect(log.append(wrong)).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(store.objects.size).toBe(0);
});

test('the model that was served at a time is that of the last change before it', () => {
  const entry = (number: number, at: number, kind: string, modelVersion: string) =>
    ({ number, at, kind, modelVersion, reason: `${kind} ${modelVersion}` }) as Parameters<
      typeof servedAt
    >[0][number];
  const log = [
    entry(1, 10, 'promoted', 'a'),
    entry(2, 20, 'rejected', 'b'),
    entry(3, 30, 'promoted', 'c'),
    entry(4, 40, 'inconclusive', 'd'),
    entry(5, 50, 'rolled-back', 'a'),
  ];
  const served = (at: number) => servedAt(log, at)?.promotion ?? null;
  expect([5, 10, 29, 30, 45, 50, 99].map(served)).toEqual([null, 1, 1, 3, 3, 5, 5]);
  expect(servedAt(log, 45)).toEqual({
    modelVersion: 'c',
    since: 30,
    kind: 'promoted',
    reason: 'promoted c',
    promotion: 3,
  });
});
