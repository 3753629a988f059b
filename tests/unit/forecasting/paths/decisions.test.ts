/**
 * Purpose: the quantity of the newsvendor has the least cost over the values it was chosen on.
 */
import { describe, expect, test } from '@jest/globals';
import { costOf, newsvendorQuantile, quantityAt } from '../../../../forecasting/paths/decisions.ts';
import { seededRandom } from '../../../../platform/random.ts';

describe('newsvendorQuantile', () => {
  test.each([
    [1, 1],
    [3, 1],
    [9, 1],
    [1, 4],
  ])('no whole quantity costs less where shortage costs %d and excess %d', (under, over) => {
    const random = seededRandom(4);
    const sorted = Float64Array.from({ length: 999 }, () => Math.floor(40 * random() ** 2)).sort();
    const costs = { under, over };
    const total = (quantity: number) =>
      sorted.reduce((sum, actual) => sum + costOf(quantity, actual, costs), 0);
    const chosen = quantityAt(sorted, newsvendorQuantile(under, over), true);
    const least = Math.min(...Array.from({ length: 41 }, (_, quantity) => total(quantity)));
    expect(Number.isInteger(chosen)).toBe(true);
    expect(total(chosen)).toBeLessThanOrEqual(1.002 * least);
  });

  test('refuses costs without meaning', () => {
    for (const [under, over] of [
      [0, 0],
      [-1, 2],
      [Number.NaN, 1],
    ] as const)
      expect(() => newsvendorQuantile(under, over)).toThrow(RangeError);
    expect(newsvendorQuantile(0, 2)).toBe(0);
  });
});
