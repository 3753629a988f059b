/**
 * Purpose: the policy over a registry and hours of live losses: a worse model that a person
 * promotes is rolled back by itself, a drift trains, the challenger runs in shadow, and is
 * served.
 */
import { beforeEach, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import type { TrainingOutcome } from '../../../../services/monitoring/act.ts';
import { applyPolicy } from '../../../../services/monitoring/apply-policy.ts';
import type { DriftSignal } from '../../../../services/monitoring/decisions/input.ts';
import type { BlockLoss } from '../../../../services/monitoring/decisions/live-losses.ts';
import { readPolicy } from '../../../../services/monitoring/policy.ts';
import { type DecisionLog, openDecisionLog } from '../../../../storage/decisions/decision-log.ts';
import {
  type ModelRegistry,
  openModelRegistry,
} from '../../../../storage/models/model-registry.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { HOUR, lossesOf, NOW } from '../../../fixtures/monitoring.ts';
import { modelOf } from '../../../fixtures/storage/models.ts';

let clock: ReturnType<typeof fixedClock>;
let registry: ModelRegistry;
let decisions: DecisionLog;
let losses: BlockLoss[];
let verdicts: DriftSignal[];
let trainings: string[];
beforeEach(() => {
  const store = memoryObjectStore();
  clock = fixedClock(NOW);
  registry = openModelRegistry({ store, domain: 'toy', clock });
  decisions = openDecisionLog({ store, domain: 'toy' });
  [losses, verdicts, trainings] = [[], [], []];
});

let seed = 1;
const register = async (): Promise<string> => {
  const request = modelOf(seed++);
  const card = { ...request.card, trainingCutoff: clock.now() };
  return (await registry.register({ ...request, card })).modelVersion;
};
const byHand = (modelVersion: string) =>
  registry.promote({ modelVersion, reason: 'promoted by hand', evidence: null });

/** The champion of two days whose demand has doubled since. */
async function championUnderDrift(): Promise<string> {
  const champion = await register();
  await byHand(champion);
  clock.advance(48 * HOUR);
  const at = clock.now();
  const about = { since: at - HOUR, detectedAt: at, seriesIds: ['a'], evidence: {} };
  verdicts.push({ name: 'level', message: 'demand has doubled', ...about });
  return champion;
}

async function look(): Promise<void> {
  const train = async ({ reason }: { reason: string }): Promise<TrainingOutcome> => {
    trainings.push(reason);
    const modelVersion = await register();
    return {
      modelVersion,
      isChallenger: true,
      reason: 'passed the gate',
      evidence: { skill: 0.1 },
    };
  };
  const read = await readPolicy(null);
  await applyPolicy({ ...read, registry, decisions, clock, losses, verdicts, train });
}

/** Looks every 6 hours, each time with one more block of losses, until `isDone`. Returns the hours. */
async function hoursUntil(
  of: Readonly<Record<string, number>>,
  isDone: () => Promise<boolean>,
): Promise<number> {
  for (let hours = 6; hours <= 240; hours += 6) {
    losses.push(...lossesOf(clock.now(), 1, of));
    clock.advance(6 * HOUR);
    await look();
    if (await isDone()) return hours;
  }
  return Number.POSITIVE_INFINITY;
}

const championIs = (version: string) => async () =>
  (await registry.champion())?.modelVersion === version;

test.each([
  [1.5, 126],
  [2, 60],
  [4, 36],
])('rolls back a model of %d times the loss within %i hours', async (factor, most) => {
  const [good, bad] = [await register(), await register()];
  await byHand(good);
  await look();
  await byHand(bad);
  const of = { [good]: 1, [bad]: factor, 'naive-week': 5 };
  expect(await hoursUntil(of, championIs(good))).toBeLessThanOrEqual(most);
  const [rollback, ...before] = await decisions.recent();
  expect(rollback).toMatchObject({
    ...{ kind: 'rollback', actor: 'policy', before: bad, after: good },
    evidence: {
      comparisons: [{ against: 'previous', isWorse: true }, { against: 'naive-week' }],
    },
  });
  expect(before.map(({ kind, actor }) => [kind, actor])).toEqual([
    ['promote', 'person'],
    ['promote', 'person'],
  ]);
  expect(await hoursUntil(of, async () => false)).toBe(Number.POSITIVE_INFINITY);
  expect(await championIs(good)()).toBe(true);
});

test('drift trains once; the new model runs as shadow for a day and is then served', async () => {
  const good = await championUnderDrift();
  await look();
  await look();
  expect(trainings).toEqual(['retrained: level: demand has doubled']);
  const [challenge] = await decisions.recent();
  const next = challenge?.modelVersion as string;
  expect(challenge).toMatchObject({ kind: 'challenge', before: good, after: good });
  const of = { [good]: 1, [next]: 0.9, 'naive-week': 1.3 };
  expect(await hoursUntil(of, championIs(next))).toBe(24);
  const kinds = (await decisions.recent()).map(({ kind }) => kind);
  expect(kinds).toEqual(['promote', 'challenge', 'retrain', 'promote']);
  expect(await registry.champion()).toMatchObject({ evidence: { actor: 'policy' } });
});

test('judges a challenger although the gate refuses another model meanwhile', async () => {
  const good = await championUnderDrift();
  await look();
  const next = (await decisions.recent())[0]?.modelVersion as string;
  const refused = await register();
  await registry.recordVerdict('rejected', { modelVersion: refused, reason: 'no', evidence: {} });
  const of = { [good]: 1, [next]: 0.9, 'naive-week': 1.3 };
  expect(await hoursUntil(of, championIs(next))).toBe(24);
});
