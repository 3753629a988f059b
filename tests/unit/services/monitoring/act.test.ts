/**
 * Purpose: what was decided is done and written down, over the real registry and log in memory; a
 * process that dies in between, and two at once, leave each decision once.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { HeadwayError } from '../../../../platform/errors.ts';
import { type ActPorts, act, type TrainingOutcome } from '../../../../services/monitoring/act.ts';
import { explainPromotions } from '../../../../services/monitoring/decisions/explain-promotions.ts';
import type { Decision } from '../../../../services/monitoring/decisions/input.ts';
import { type DecisionLog, openDecisionLog } from '../../../../storage/decisions/decision-log.ts';
import {
  type ModelRegistry,
  openModelRegistry,
} from '../../../../storage/models/model-registry.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { modelOf } from '../../../fixtures/storage/models.ts';

const NOW = Date.UTC(2024, 0, 2);
let store: MemoryObjectStore;
let clock: ReturnType<typeof fixedClock>;
let registry: ModelRegistry;
let decisions: DecisionLog;
let [a, b, c] = ['', '', ''];
beforeEach(async () => {
  store = memoryObjectStore();
  clock = fixedClock(NOW);
  registry = openModelRegistry({ store, domain: 'toy', clock });
  decisions = openDecisionLog({ store, domain: 'toy' });
  const versions: string[] = [];
  for (const seed of [1, 2, 3])
    versions.push((await registry.register(modelOf(seed))).modelVersion);
  [a, b, c] = versions as [string, string, string];
});

const CONTEXT = { policyHash: 'hash', shadowHours: 24 };
const rollback = (before: string, after: string): Decision => ({
  ...{ kind: 'rollback', modelVersion: after, before, after, reason: 'rolled back: it is worse' },
  evidence: { falseAlarmRate: 0.05 },
});
const retrain: Decision = {
  ...{ kind: 'retrain', modelVersion: null, before: null, after: null },
  ...{ reason: 'retrained: drift', evidence: { trigger: 'drift' } },
};
const ports = (
  train: ActPorts['train'] = async () => Promise.reject(new Error('no training')),
) => ({
  ...{ registry, decisions, clock, train },
});
const promote = (modelVersion: string, evidence: unknown = null) =>
  registry.promote({ modelVersion, reason: `promoted ${modelVersion}`, evidence });
const log = async () =>
  (await decisions.recent()).map(({ kind, actor, before, after, promotion }) => ({
    ...{ kind, actor, before, after, promotion },
  }));
const seen = async () => (await decisions.recent({ limit: 1 }))[0]?.number ?? 0;

describe('rollback', () => {
  beforeEach(async () => {
    await promote(a, { comparisons: [] });
    await promote(b);
    await explainPromotions({ registry, decisions });
  });

  test('is made and logged, after earlier promotions by schedule and by hand', async () => {
    const written = await act([rollback(b, a)], { ...CONTEXT, seen: await seen() }, ports());
    expect(written).toHaveLength(1);
    expect(await registry.champion()).toMatchObject({
      ...{ modelVersion: a, kind: 'rolled-back' },
      evidence: { from: b, actor: 'policy', policyHash: 'hash', falseAlarmRate: 0.05 },
    });
    expect(await log()).toEqual([
      { kind: 'rollback', actor: 'policy', before: b, after: a, promotion: 3 },
      { kind: 'promote', actor: 'person', before: a, after: b, promotion: 2 },
      { kind: 'promote', actor: 'schedule', before: null, after: a, promotion: 1 },
    ]);
    expect(written[0]).toMatchObject({ policyHash: 'hash', reason: 'rolled back: it is worse' });
  });

  test('is not made if the champion was replaced meanwhile', async () => {
    await promote(c);
    await act([rollback(b, a)], { ...CONTEXT, seen: await seen() }, ports());
    expect((await registry.champion())?.modelVersion).toBe(c);
    expect(await log()).toMatchObject([{ kind: 'promote', after: c }, {}, {}]);
  });

  test('fails where the race for the log was lost to others than a new champion', async () => {
    const lost = async () =>
      Promise.reject(new HeadwayError('COMMIT_CONFLICT', 'others were first'));
    const registryOf = { ...registry, rollback: lost, promote: lost };
    const context = { ...CONTEXT, seen: await seen() };
    await expect(
      act([rollback(b, a)], context, { ...ports(), registry: registryOf }),
    ).rejects.toMatchObject({ code: 'COMMIT_CONFLICT' });
    expect(await log()).toHaveLength(2);
  });

  test('is logged once by the next process if the first died before', async () => {
    store.fault = (operation, key) =>
      operation === 'createIfAbsent' && key.startsWith('decisions/') ? 'before' : undefined;
    const context = { ...CONTEXT, seen: await seen() };
    await expect(act([rollback(b, a)], context, ports())).rejects.toThrow();
    store.fault = () => undefined;
    expect((await registry.champion())?.modelVersion).toBe(a);
    expect(await log()).toHaveLength(2);
    const both = [0, 1].map(() => explainPromotions({ registry, decisions }));
    await Promise.all(both);
    await explainPromotions({ registry, decisions });
    const [newest, ...rest] = await log();
    expect(newest).toMatchObject({ kind: 'rollback', actor: 'policy', promotion: 3 });
    expect(rest).toHaveLength(2);
  });
});

describe('training', () => {
  const outcome: TrainingOutcome = {
    ...{ modelVersion: '', isChallenger: false, reason: 'better by 9 %', evidence: { skill: 0.1 } },
  };

  test('is logged before it begins, and the policy records its verdict', async () => {
    const train: ActPorts['train'] = async ({ isShadow }) => {
      expect([isShadow, (await log())[0]?.kind]).toEqual([true, 'retrain']);
      await registry.recordVerdict('rejected', { modelVersion: a, reason: 'no', evidence: {} });
      return { ...outcome, modelVersion: a };
    };
    await act([retrain], { ...CONTEXT, seen: 0 }, ports(train));
    expect(await log()).toEqual([
      { kind: 'reject', actor: 'policy', before: null, after: null, promotion: 1 },
      { kind: 'retrain', actor: 'policy', before: null, after: null, promotion: null },
    ]);
  });

  test('replaces the challenger if its model passes the gate', async () => {
    const train = (modelVersion: string) => async () => ({
      ...outcome,
      ...{ modelVersion, isChallenger: true },
    });
    await act([retrain], { ...CONTEXT, seen: 0 }, ports(train(a)));
    await act([retrain], { ...CONTEXT, seen: await seen() }, ports(train(b)));
    const entries = await decisions.recent();
    expect(entries.map(({ kind, modelVersion }) => [kind, modelVersion])).toEqual([
      ['challenge', b],
      ['reject', a],
      ['retrain', null],
      ['challenge', a],
      ['retrain', null],
    ]);
    expect(await registry.champion()).toBeNull();
  });

  test('is recorded even if something else is decided while it trains', async () => {
    await promote(a, { comparisons: [] });
    const train = async () => {
      await promote(c);
      await explainPromotions({ registry, decisions });
      return { ...outcome, modelVersion: b, isChallenger: true };
    };
    await act([retrain], { ...CONTEXT, seen: 0 }, ports(train));
    const [newest] = await decisions.recent();
    expect(newest).toMatchObject({ kind: 'challenge', modelVersion: b, before: c, after: c });
  });

  test('logs a failure and rethrows its error', async () => {
    const train = async () => Promise.reject(new Error('out of memory'));
    await expect(act([retrain], { ...CONTEXT, seen: 0 }, ports(train))).rejects.toThrow('memory');
    const [kept, begun] = await decisions.recent();
    expect(begun?.kind).toBe('retrain');
    expect(kept).toMatchObject({ kind: 'keep' });
    expect(kept?.reason).toContain('out of memory');
  });

  test('runs once if two processes decide at the same time', async () => {
    let begun = 0;
    const train = async () => {
      begun++;
      return { ...outcome, modelVersion: null };
    };
    const both = [0, 1].map(() => act([retrain], { ...CONTEXT, seen: 0 }, ports(train)));
    await Promise.all(both);
    expect([begun, (await log()).length]).toEqual([1, 1]);
  });
});
