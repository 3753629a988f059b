/**
 * Purpose: the test that is looked at after every block: how often it errs on equal forecasters
 * over a year, how soon it finds a worse one, and that what it is given in is all that counts.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type LossPair, testWorse } from '../../../../forecasting/evaluation/worse-test.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { runs } from '../../../fixtures/property-runs.ts';

const OPTIONS = { margin: 0.05, level: 0.05 / 3 };

/**
 * Two forecasters of a common difficulty, each with noise of its own, both an AR(1); the first
 * loses `factor` times as much.
 */
function losses(seed: number, blocks: number, noise: number, rho: number, factor = 1): LossPair[] {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const next = (last: number) => rho * last + Math.sqrt(1 - rho ** 2) * normal();
  let [common, own, other] = [normal(), normal(), normal()];
  return Array.from({ length: blocks }, () => {
    [common, own, other] = [next(common), next(own), next(other)];
    const reference = Math.exp(0.2 * common + noise * other);
    return { loss: factor * Math.exp(0.2 * common + noise * own), reference };
  });
}

describe('equal forecasters, tested after each of the 1,460 blocks of a year', () => {
  test.each([
    [0.05, 0, 0],
    [0.05, 0.5, 0],
    [0.1, 0, 0],
    [0.1, 0.5, 0],
    [0.2, 0, OPTIONS.level],
  ])('noise %d, correlation %d: differ with a probability of at most %d', (noise, rho, most) => {
    const years = runs(500);
    const found = Array.from({ length: years }, (_, seed) =>
      testWorse(losses(seed, 1460, noise, rho), OPTIONS),
    ).filter(({ decidedAt }) => decidedAt !== null);
    expect(found.length / years).toBeLessThanOrEqual(most);
  });
});

test.each([
  [1.5, 22],
  [2, 11],
  [3, 7],
  [5, 5],
])('finds %d times the loss within %i blocks in nine of ten runs', (factor, most) => {
  const decided = Array.from({ length: 100 }, (_, seed) => {
    const { decidedAt } = testWorse(losses(seed, 200, 0.1, 0.5, factor), OPTIONS);
    return decidedAt === null ? Number.POSITIVE_INFINITY : decidedAt + 1;
  }).sort((a, b) => a - b);
  expect(decided[89]).toBeLessThanOrEqual(most);
});

const loss = fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e6, noNaN: true }));
const pairs = fc.array(fc.record({ loss, reference: loss }), { maxLength: 50 });

test('evidence never falls with more blocks and does not depend on the unit', () => {
  const property = fc.property(
    pairs,
    fc.double({ min: 0.01, max: 100, noNaN: true }),
    (all, unit) => {
      const whole = testWorse(all, OPTIONS);
      expect(whole.evidence).toBeGreaterThanOrEqual(testWorse(all.slice(0, -1), OPTIONS).evidence);
      const scaled = all.map((one) => ({ loss: unit * one.loss, reference: unit * one.reference }));
      const other = testWorse(scaled, OPTIONS).evidence;
      expect(Math.abs(Math.log(other / whole.evidence))).toBeLessThan(1e-6);
    },
  );
  fc.assert(property, { numRuns: 100, seed: 3 });
});

test('never finds a forecaster worse that never loses more', () => {
  const property = fc.property(pairs, (all) => {
    const better = all.map(({ reference }) => ({ loss: reference, reference }));
    expect(testWorse(better, OPTIONS)).toMatchObject({ evidence: 1, decidedAt: null });
  });
  fc.assert(property, { numRuns: 100, seed: 3 });
});

test('has no evidence without a loss, and refuses an invalid loss', () => {
  expect(testWorse([], OPTIONS)).toMatchObject({ blocks: 0, evidence: 1, decidedAt: null });
  const none = [{ loss: 0, reference: 0 }];
  expect(testWorse(none, OPTIONS)).toMatchObject({ evidence: 1, decidedAt: null });
  for (const wrong of [Number.NaN, -1, Number.POSITIVE_INFINITY])
    expect(() => testWorse([{ loss: wrong, reference: 1 }], OPTIONS)).toThrow(RangeError);
});
