/**
 * Purpose: many looks at equal challengers promote seldom, and a better one soon.
 */
import { describe, expect, test } from '@jest/globals';
import { EQUAL, firstPromotion } from '../../../../bench/support/gate-month.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { nextLevel } from '../../../../services/training/error-budget.ts';

const DAY = 86_400_000;
const refusal = (at: number, level: unknown) => ({
  ...{ at, kind: 'rejected' as const },
  evidence: { level },
});

describe('nextLevel', () => {
  test('spends less than 5 % in any 30 days of verdicts under one champion', () => {
    for (const perDay of [1, 3]) {
      const log: ReturnType<typeof refusal>[] = [];
      for (let look = 0; look < 100 * perDay; look++) {
        const now = (look / perDay) * DAY;
        const level = nextLevel(log, now);
        expect(level).toBeGreaterThan(0);
        log.push(refusal(now, level));
        const recent = log.filter(({ at }) => at > now - 30 * DAY);
        expect(recent.reduce((sum, one) => sum + Number(one.evidence.level), 0)).toBeLessThan(0.05);
      }
    }
  });

  test('starts with the whole budget for a new champion and ignores entries without a level', () => {
    const whole = nextLevel([], 0);
    expect(whole).toBeCloseTo(0.05 / 15, 10);
    const log = [refusal(0, 0.01), refusal(DAY, null), { ...refusal(DAY, 0), evidence: null }];
    expect(nextLevel(log, DAY)).toBeCloseTo(0.04 / 15, 10);
    expect(nextLevel([...log, { ...refusal(DAY, 0.01), kind: 'promoted' }], DAY)).toBe(whole);
    expect(nextLevel(log, 31 * DAY)).toBe(whole);
  });
});

describe('simulated months of daily trainings (npm run bench:gate has more)', () => {
  const days = (changes: object, months: number) => {
    const random = seededRandom(3);
    return Array.from({ length: months }, () => firstPromotion({ ...EQUAL, ...changes }, random));
  };
  const promoted = (of: (number | null)[], within = 30) =>
    of.filter((day) => day !== null && day < within).length / of.length;

  test('promote an equal challenger in at most one month of ten, without budget in a third', () => {
    expect(promoted(days({}, 20))).toBeLessThanOrEqual(0.1);
    expect(promoted(days({ hasBudget: false }, 20))).toBeGreaterThan(0.3);
  });

  test('promote a challenger that is 5 % better within three days', () => {
    expect(promoted(days({ lead: 0.05, days: 3 }, 30), 3)).toBeGreaterThan(0.9);
  });
});
