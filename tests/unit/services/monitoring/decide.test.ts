/**
 * Purpose: what the policy decides, from examples; and what holds whatever happens: the limit of
 * trainings, one change of the champion at a time, no way back to a model that was rolled back.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide, openChallenger } from '../../../../services/monitoring/decide.ts';
import type {
  DecideInput,
  Decision,
  DriftSignal,
  PastDecision,
} from '../../../../services/monitoring/decisions/input.ts';
import type { BlockLoss } from '../../../../services/monitoring/decisions/live-losses.ts';
import { DEFAULT_POLICY } from '../../../../services/monitoring/policy.ts';
import { HOUR, lossesOf, NOW, quiet } from '../../../fixtures/monitoring.ts';
import { runs } from '../../../fixtures/property-runs.ts';

const DAYS_AGO_10 = NOW - 240 * HOUR;
const drift = (name: string, detectedAt: number): DriftSignal => ({
  ...{ name, detectedAt, since: detectedAt - HOUR, seriesIds: ['a'], evidence: { z: 9 } },
  message: 'twice the usual',
});
const policy = (retrain: Partial<(typeof DEFAULT_POLICY)['retrain']>) => ({
  ...DEFAULT_POLICY,
  retrain: { ...DEFAULT_POLICY.retrain, ...retrain },
});
const past = (kind: Decision['kind'], at: number, more: Partial<PastDecision> = {}) =>
  ({
    ...{ at, kind, actor: 'policy', modelVersion: null, before: 'c', after: 'c', evidence: {} },
    ...more,
  }) as PastDecision;

test('decides nothing without a finding', () => {
  expect(decide(quiet())).toEqual([]);
});

describe('decide: rollback', () => {
  test('replaces a champion of twice the previous loss within 60 hours', () => {
    const decidedAfter = (blocks: number) =>
      decide(quiet({ losses: lossesOf(DAYS_AGO_10, blocks, { c: 2, p: 1, 'naive-week': 1.5 }) }));
    const first = Array.from({ length: 40 }, (_, i) => i).find((n) => decidedAfter(n).length > 0);
    expect((first as number) * 6).toBeLessThanOrEqual(60);
    const [decision] = decidedAfter(first as number);
    expect(decision).toMatchObject({ kind: 'rollback', before: 'c', after: 'p' });
    expect(decision?.reason).toMatch(
      /^rolled back: live, it has 100\.0 % more pinball loss than the previous champion \(p\)/,
    );
    expect(decision?.evidence).toMatchObject({
      falseAlarmRate: 0.05,
      comparisons: [
        { against: 'previous', isWorse: true, threshold: 40 },
        { against: 'naive-week' },
      ],
    });
  });

  test('returns to the twin if a refit performs worse', () => {
    const champion = { ...quiet().champion, twin: 't' } as DecideInput['champion'];
    const losses = lossesOf(DAYS_AGO_10, 20, { c: 1.5, t: 0.9, p: 1.5 });
    const decided = decide(quiet({ champion, losses }));
    expect(decided).toMatchObject([{ kind: 'rollback', modelVersion: 't', after: 't' }]);
  });

  test('leaves a champion worse than a naive baseline, unless the previous is no better', () => {
    const naive = { c: 2, 'naive-day': 1.2, 'naive-week': 1 };
    const back = decide(quiet({ losses: lossesOf(DAYS_AGO_10, 30, naive) }));
    expect(back).toMatchObject([{ kind: 'rollback', after: 'p' }]);
    expect(back[0]?.reason).toContain('the naive naive-week');
    const losses = lossesOf(DAYS_AGO_10, 30, { ...naive, p: 2.2 });
    const trained = decide(quiet({ losses }));
    expect(trained).toMatchObject([{ kind: 'retrain', evidence: { trigger: 'worse-than-naive' } }]);
    expect(decide(quiet({ losses, lastTrainedAt: NOW - HOUR }))[0]?.kind).toBe('keep');
    expect(decide(quiet({ losses, previous: null }))[0]?.reason).toContain('no previous champion');
  });

  test('keeps a champion that is slightly worse', () => {
    const losses = lossesOf(DAYS_AGO_10, 40, { c: 1.04, p: 1, 'naive-week': 1.4 });
    expect(decide(quiet({ losses }))).toEqual([]);
  });

  test('ignores blocks before the promotion and blocks of other pairs', () => {
    const before = lossesOf(DAYS_AGO_10 - 240 * HOUR, 40, { c: 3, p: 1 });
    const unpaired = lossesOf(DAYS_AGO_10, 40, { c: 3, p: 1 }).map((one) =>
      one.modelVersion === 'p' ? { ...one, pairs: 700 } : one,
    );
    expect(decide(quiet({ losses: before }))).toEqual([]);
    expect(decide(quiet({ losses: unpaired }))).toEqual([]);
  });
});

describe('decide: challenger', () => {
  const challenger = { modelVersion: 'n', since: NOW - 25 * HOUR };
  const shadow = (own: number) => lossesOf(NOW - 24 * HOUR, 4, { c: 1, n: own, 'naive-week': 2 });

  test('is promoted after its time as shadow if it is no worse', () => {
    const input = quiet({ challenger, losses: shadow(0.9) });
    expect(decide(input)).toMatchObject([
      {
        ...{ kind: 'promote', modelVersion: 'n', before: 'c', after: 'n' },
        reason: 'promoted: 10.0 % less live pinball loss than the champion over 4 blocks in shadow',
      },
    ]);
    const early = { modelVersion: 'n', since: NOW - 23 * HOUR };
    expect(decide({ ...input, challenger: early })).toEqual([]);
  });

  test('is rejected if it is worse, has no score or failed before', () => {
    expect(decide(quiet({ challenger, losses: shadow(1.2) }))).toMatchObject([
      { kind: 'reject', modelVersion: 'n', after: 'c' },
    ]);
    const silent = { modelVersion: 'n', since: NOW - 97 * HOUR };
    expect(decide(quiet({ challenger: silent }))[0]?.reason).toContain('no live score');
    const recent = [past('rollback', NOW - 99 * HOUR, { before: 'n', after: 'c' })];
    expect(decide(quiet({ challenger, losses: shadow(0.5), recent }))[0]?.kind).toBe('reject');
  });

  test('is the model of the newest undecided challenge', () => {
    const challenge = past('challenge', 5, { modelVersion: 'n' });
    expect(openChallenger([past('keep', 9), challenge])).toEqual({ modelVersion: 'n', since: 5 });
    expect(openChallenger([past('reject', 9, { modelVersion: 'n' }), challenge])).toBeNull();
    const another = past('reject', 9, { modelVersion: 'o' });
    expect(openChallenger([another, challenge])?.modelVersion).toBe('n');
    expect(openChallenger([past('promote', 9, { modelVersion: 'o' }), challenge])).toBeNull();
    expect(openChallenger([])).toBeNull();
  });
});

describe('decide: training', () => {
  test('starts once for a drift in the policy, and a wait is logged once', () => {
    const verdicts = [drift('level', NOW - HOUR), drift('freshness', NOW - HOUR)];
    const [decision] = decide(quiet({ verdicts }));
    expect(decision).toMatchObject({ kind: 'retrain', before: 'c', after: 'c' });
    expect(decision?.reason).toBe('retrained: level: twice the usual');
    const recent = [past('retrain', NOW - HOUR)];
    expect(decide(quiet({ verdicts, recent }))).toEqual([]);
    const soon = quiet({ verdicts, lastTrainedAt: NOW - 3 * HOUR });
    const [kept] = decide(soon);
    expect(kept).toMatchObject({ kind: 'keep' });
    const noted = past('keep', NOW, { evidence: kept?.evidence });
    expect(decide({ ...soon, recent: [noted] })).toEqual([]);
    expect(decide(quiet({ verdicts: [drift('freshness', NOW)] }))).toEqual([]);
    const all = policy({ onDrift: ['*'] });
    expect(decide(quiet({ verdicts: [drift('freshness', NOW)], policy: all }))).toHaveLength(1);
  });

  test('starts if live skill falls below the limit of the policy', () => {
    const losses = lossesOf(DAYS_AGO_10, 40, { c: 1, p: 1, 'naive-week': 1.1 });
    expect(decide(quiet({ losses }))).toEqual([]);
    const strict = policy({ onSkill: { below: 0.2, days: 7 } });
    expect(decide(quiet({ losses, policy: strict }))).toMatchObject([
      { kind: 'retrain', evidence: { trigger: 'skill:c', below: 0.2 } },
    ]);
    const thin = losses.slice(-10);
    expect(decide(quiet({ losses: thin, policy: strict }))).toEqual([]);
  });

  test('starts on schedule, and refits a stale champion', () => {
    expect(decide(quiet({ lastTrainedAt: NOW - 169 * HOUR }))).toMatchObject([
      { kind: 'retrain', evidence: { trigger: 'clock' } },
    ]);
    expect(decide(quiet({ champion: null, lastTrainedAt: null }))[0]?.reason).toContain('no model');
    const champion = { ...quiet().champion, trainingCutoff: NOW - 31 * 24 * HOUR };
    expect(decide(quiet({ champion: champion as DecideInput['champion'] }))).toMatchObject([
      { kind: 'refit', modelVersion: 'c', evidence: { trigger: 'age' } },
    ]);
  });
});

/** Drives `decide` through time: what it decides is done, and is known at the next call. */
function live(hours: readonly { losses: readonly number[]; drift: boolean; wait: number }[]) {
  let now = NOW;
  let input = quiet({ losses: [], recent: [], lastTrainedAt: null, previous: 'm0' });
  let count = 1;
  const all: (Decision & { at: number })[] = [];
  const losses: BlockLoss[] = [];
  const verdicts: DriftSignal[] = [];
  for (const step of hours) {
    const values = Object.fromEntries(
      ['c', 'm0', 'm1', 'm2', 'm3', 'naive'].map((name, i) => [name, step.losses[i] as number]),
    );
    losses.push(...lossesOf(now, 1, values));
    now += step.wait * HOUR;
    if (step.drift) verdicts.push(drift('level', now));
    input = { ...input, now, losses: [...losses], verdicts: [...verdicts] };
    for (const decision of decide(input)) {
      const { kind, after, modelVersion } = decision;
      all.push({ ...decision, at: now });
      input = { ...input, recent: [past(kind, now, decision), ...input.recent] };
      if (kind === 'retrain' && input.challenger === null) {
        const challenger = { modelVersion: `m${count++ % 4}`, since: now };
        input = { ...input, challenger };
        if (challenger.modelVersion === input.champion?.modelVersion)
          input = { ...input, challenger: null };
      }
      if (kind === 'reject' && modelVersion === input.challenger?.modelVersion)
        input = { ...input, challenger: null };
      if (kind !== 'promote' && kind !== 'rollback') continue;
      const { champion } = input;
      const previous = kind === 'promote' ? (champion?.modelVersion ?? null) : null;
      const reign = { modelVersion: after as string, since: now, trainingCutoff: now, twin: null };
      input = { ...input, champion: reign, previous, challenger: null };
    }
  }
  return all;
}

const step = fc.record({
  losses: fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 6, maxLength: 6 }),
  drift: fc.boolean(),
  wait: fc.integer({ min: 1, max: 30 }),
});

test('spaces trainings, makes one change at a time and never returns to a bad model', () => {
  const property = fc.property(fc.array(step, { maxLength: 60 }), (hours) => {
    const all = live(hours);
    const begun = all.filter(({ kind }) => kind === 'retrain' || kind === 'refit');
    for (const [i, one] of begun.entries())
      if (i > 0) expect(one.at - (begun[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(24 * HOUR);
    const bad = new Set<string>();
    const changed = new Map<number, number>();
    for (const { kind, at, before, after } of all) {
      if (kind !== 'promote' && kind !== 'rollback') continue;
      changed.set(at, (changed.get(at) ?? 0) + 1);
      expect(after).not.toBe(before);
      if (kind === 'promote') expect(bad).not.toContain(after);
      if (kind === 'rollback') bad.add(before as string);
    }
    expect(Math.max(0, ...changed.values())).toBeLessThanOrEqual(1);
  });
  fc.assert(property, { numRuns: runs(200), seed: 5 });
});

test('gives the same decisions in any order of input and does not change the input', () => {
  const all = { c: 2, p: 1, n: 0.5, 'naive-week': 1.2, 'naive-day': 1 };
  const losses = lossesOf(DAYS_AGO_10, 12, all);
  const whole = decide(quiet({ losses }));
  const orders = fc.shuffledSubarray(losses, { minLength: losses.length });
  const property = fc.property(orders, (order) => {
    const input = quiet({ losses: order });
    const before = structuredClone(input);
    expect(decide(input)).toEqual(whole);
    expect(input).toEqual(before);
  });
  fc.assert(property, { numRuns: 20, seed: 5 });
});
