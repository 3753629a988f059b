/**
 * Purpose: folds lie side by side before the end they are given, and a cut panel holds nothing of
 * what follows.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { timeFolds } from '../../../../forecasting/evaluation/time-folds.ts';
import { panelUpTo } from '../../../../forecasting/panel/panel.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';

describe('timeFolds', () => {
  test('matches a hand calculation of two spans of 14 days before hour 2000', () => {
    const [older, newer] = timeFolds(2000, 2, 336, 24, 13);
    expect(older).toMatchObject({ lastTarget: 1327, end: 1664 });
    expect(newer).toMatchObject({ lastTarget: 1663, end: 2000 });
    // 1663, 1676, … while 24 steps fit before 2000: each hour of the day once, the first one twice.
    expect(newer?.cutoffs).toEqual(Array.from({ length: 25 }, (_, i) => 1663 + 13 * i));
    expect(new Set(newer?.cutoffs.map((cutoff) => cutoff % 24)).size).toBe(24);
  });

  test('are adjacent, and no target lies outside its span', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 24, max: 500 }),
        fc.integer({ min: 1, max: 24 }),
        (count, span, horizon) => {
          const folds = timeFolds(5000, count, span, horizon, 13);
          expect(folds.at(-1)?.end).toBe(5000);
          for (const [i, { lastTarget, cutoffs, end }] of folds.entries()) {
            expect(end - span).toBe(lastTarget + 1);
            if (i > 0) expect(folds[i - 1]?.end).toBe(lastTarget + 1);
            expect(Math.min(...cutoffs)).toBe(lastTarget);
            expect(Math.max(...cutoffs) + horizon).toBeLessThan(end);
          }
        },
      ),
    );
  });
});

test('a cut panel is a copy of the first intervals of every series', () => {
  const panel = panelOf(['a', 'b'], 5, (s, t) => 10 * s + t);
  const cut = panelUpTo(panel, 2);
  expect([cut.length, [...cut.columns.target]]).toEqual([3, [0, 1, 2, 10, 11, 12]]);
  expect(cut.columns.target.buffer.byteLength).toBe(6 * 4);
  expect(panelUpTo(panel, 8).length).toBe(5);
});
