/**
 * Purpose: successive halving against an example computed by hand, and what must hold for any
 * losses and any order of ending.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  halvingPlan,
  rungSizes,
  successiveHalving,
  type Trial,
} from '../../../../forecasting/evaluation/successive-halving.ts';

const lossOf = (loss: number) => Promise.resolve({ loss });
const places = (plan: Parameters<typeof successiveHalving>[1], losses: readonly number[]) =>
  successiveHalving(losses, plan, lossOf);

describe('halvingPlan', () => {
  test.each([
    [18, [60, 180, 540], [18, 6, 2]],
    [27, [60, 180, 540], [27, 9, 3]],
    [6, [60, 180], [6, 2]],
    [5, [60], [5]],
    [1, [60], [1]],
  ])('plans the rungs of %d candidates', (candidates, budgets, sizes) => {
    const plan = halvingPlan(candidates, 60, 2);
    expect(plan.budgets).toEqual(budgets);
    expect(rungSizes(plan, candidates)).toEqual(sizes);
  });

  test.each([
    ['no candidate', [], halvingPlan(1, 1, 1)],
    ['no fold', [1], { ...halvingPlan(1, 1, 1), folds: 0 }],
    ['eta 1', [1], { ...halvingPlan(1, 1, 1), eta: 1 }],
    ['no budget', [1], { ...halvingPlan(1, 1, 1), budgets: [] }],
    ['budgets that fall', [1], { ...halvingPlan(1, 1, 1), budgets: [9, 3] }],
    ['a budget of nothing', [1], { ...halvingPlan(1, 1, 1), budgets: [0, 3] }],
    ['a reference that is no candidate', [1], { ...halvingPlan(1, 1, 1), reference: 1 }],
  ])('%s is refused', async (_title, losses, plan) => {
    await expect(places(plan, losses)).rejects.toThrow(RangeError);
  });
});

test('matches a hand calculation of six candidates, two folds and eta 3', async () => {
  // Candidate → loss by budget and fold. At budget 10 the means are 5, 2, 4, 3, 6, 7: 1 and 3
  // survive. At 30: 2 against 1.5.
  const losses: Record<number, number[][]> = {
    10: [
      [4, 6],
      [1, 3],
      [4, 4],
      [5, 1],
      [6, 6],
      [7, 7],
    ],
    30: [[], [2, 2], [], [1, 2], [], []],
  };
  const asked: Trial[] = [];
  const history = await successiveHalving(
    ['a', 'b', 'c', 'd', 'e', 'f'],
    halvingPlan(6, 10, 2),
    async (_name, trial) => {
      asked.push(trial);
      return { loss: losses[trial.budget]?.[trial.candidate]?.[trial.fold] as number };
    },
  );
  expect(history.rungs).toEqual([
    {
      budget: 10,
      standings: [
        { candidate: 1, loss: 2 },
        { candidate: 3, loss: 3 },
        { candidate: 2, loss: 4 },
        { candidate: 0, loss: 5 },
        { candidate: 4, loss: 6 },
        { candidate: 5, loss: 7 },
      ],
      survivors: [1, 3],
    },
    {
      budget: 30,
      standings: [
        { candidate: 3, loss: 1.5 },
        { candidate: 1, loss: 2 },
      ],
      survivors: [3],
    },
  ]);
  expect(history.best).toBe(3);
  expect(asked).toHaveLength(6 * 2 + 2 * 2);
  expect(history.trials.map(({ outcome, failure, ...trial }) => trial)).toEqual(asked);
});

describe('failed candidates', () => {
  test('rank last, keep their message and do not stop the others', async () => {
    const history = await successiveHalving(
      [3, Number.NaN, 1, -1],
      { budgets: [1, 2], eta: 2, folds: 1 },
      async (loss) => {
        if (loss < 0) throw new Error('out of memory');
        return { loss };
      },
    );
    expect(history.best).toBe(2);
    expect(history.rungs[0]?.standings.map(({ candidate }) => candidate)).toEqual([2, 0, 1, 3]);
    expect(history.trials.slice(0, 4).map(({ failure }) => failure)).toEqual([
      null,
      'the loss is NaN',
      null,
      'out of memory',
    ]);
    expect(history.trials[3]?.outcome).toBeNull();
  });

  test('rank behind everyone with one failed fold', async () => {
    const plan = { budgets: [1], eta: 2, folds: 2 };
    const history = await successiveHalving([9, 1], plan, async (loss, { candidate, fold }) => ({
      loss: candidate === 1 && fold === 1 ? Number.NaN : loss,
    }));
    expect(history.best).toBe(0);
  });

  test('leave places empty if too few others succeed', async () => {
    const history = await places({ budgets: [1, 2], eta: 2, folds: 1 }, [
      Number.NaN,
      4,
      Number.NaN,
      Number.NaN,
    ]);
    expect(history.rungs.map(({ survivors }) => survivors)).toEqual([[1], [1]]);
  });

  test('give no best candidate if all of them fail', async () => {
    const history = await places({ budgets: [1, 2], eta: 2, folds: 1 }, [
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]);
    expect([history.best, history.rungs.length]).toEqual([null, 1]);
  });
});

describe('the reference', () => {
  test('runs in every rung and takes no place of a survivor', async () => {
    const losses = [9, 1, 2, 3, 4, 5];
    const history = await places({ ...halvingPlan(6, 1, 1), reference: 0 }, losses);
    expect(history.rungs[0]?.survivors).toEqual([1, 2]);
    expect(history.rungs[1]?.standings.map(({ candidate }) => candidate)).toEqual([1, 2, 0]);
  });

  test('can win in the end with a larger budget', async () => {
    const plan = { ...halvingPlan(6, 1, 1), reference: 0 };
    const history = await successiveHalving([9, 1, 2, 3, 4, 5], plan, async (loss, { budget }) => ({
      loss: budget === 1 ? loss : -loss,
    }));
    expect(history.best).toBe(0);
  });
});

const anyLosses = fc.array(
  fc.oneof(fc.double({ min: 0, max: 10, noNaN: true }), fc.constantFrom(1, 2, Number.NaN)),
  {
    minLength: 1,
    maxLength: 40,
  },
);
const anyPlan = fc.record({
  eta: fc.integer({ min: 2, max: 5 }),
  folds: fc.integer({ min: 1, max: 3 }),
});

test('without noise the best candidate survives, the earlier one of equals', async () => {
  await fc.assert(
    fc.asyncProperty(anyLosses, anyPlan, async (losses, { eta, folds }) => {
      const history = await places(halvingPlan(losses.length, 1, folds, eta), losses);
      const sound = losses.filter((loss) => !Number.isNaN(loss));
      expect(history.best).toBe(sound.length === 0 ? null : losses.indexOf(Math.min(...sound)));
    }),
  );
});

test('gives the same result in any order of completion', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyLosses,
      anyPlan,
      fc.scheduler(),
      async (losses, { eta, folds }, scheduler) => {
        const plan = halvingPlan(losses.length, 1, folds, eta);
        const expected = await places(plan, losses);
        const shuffled = successiveHalving(losses, plan, (loss) =>
          scheduler.schedule(lossOf(loss)),
        );
        expect(await scheduler.waitFor(shuffled)).toEqual(expected);
      },
    ),
    { numRuns: 8 },
  );
});

test('a rung runs no more than its share, and each trial once', async () => {
  await fc.assert(
    fc.asyncProperty(anyLosses, anyPlan, async (losses, { eta, folds }) => {
      const plan = halvingPlan(losses.length, 7, folds, eta);
      const { trials } = await places(plan, losses);
      const sizes = rungSizes(plan, losses.length);
      for (const [rung, size] of sizes.entries())
        expect(trials.filter((trial) => trial.rung === rung).length).toBeLessThanOrEqual(
          size * folds,
        );
      expect(
        new Set(trials.map(({ candidate, rung, fold }) => `${candidate} ${rung} ${fold}`)).size,
      ).toBe(trials.length);
    }),
  );
});
