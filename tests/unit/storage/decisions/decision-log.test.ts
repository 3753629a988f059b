/** Purpose: the decision log: its contract, damage, and what was served at a time. */
import { expect, test } from '@jest/globals';
import { openDecisionLog } from '../../../../storage/decisions/decision-log.ts';
import { servedAt } from '../../../../storage/decisions/served-at.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { NEAR_STORES } from '../../../fixtures/storage/every-store.ts';
import { decisionAt, describeDecisionLog } from '../../../fixtures/storage/log-contracts.ts';

for (const [name, open] of NEAR_STORES) describeDecisionLog(name, open);

test('verify names a changed entry and a missing one', async () => {
  const store = memoryObjectStore();
  const log = openDecisionLog({ store, domain: 'toy' });
  for (const at of [1, 2, 3]) await log.append(decisionAt(at));
  const [first, second] = [...store.objects.keys()].sort();
  const text = Buffer.from(store.objects.get(first as string) as Uint8Array).toString();
  store.objects.set(first as string, Buffer.from(text.replace('keep', 'drop')));
  store.objects.delete(second as string);
  const { problems } = await log.verify();
  expect(problems.map(({ key }) => key)).toEqual([first, second]);
  await expect(log.recent()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

test('refuses a decision that does not match the schema', async () => {
  const store = memoryObjectStore();
  const log = openDecisionLog({ store, domain: 'toy' });
  const wrong = { ...decisionAt(1), reason: '' };
  await expect(log.append(wrong)).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(store.objects.size).toBe(0);
});

test('servedAt returns the model of the last change before the time', () => {
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
