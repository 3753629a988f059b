/**
 * Purpose: the averages of groups that a network learns from too.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withGroupAverages } from '../../../../forecasting/panel/group-averages.ts';
import { type Panel, targetOf } from '../../../../forecasting/panel/panel.ts';
import { runs } from '../../../fixtures/property-runs.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';

const averages = (panel: Panel, ...members: string[]): number[] =>
  Array.from(
    targetOf(withGroupAverages(panel, [{ id: 'g', seriesIds: members }]), panel.seriesIds.length),
  );

describe('averages of groups', () => {
  const rows = [
    [1, 2, 3],
    [3, 4, Number.NaN],
    [20, 30, 40],
  ];
  const panel = panelOf(['a', 'b', 'c'], 3, (s, t) => rows[s]?.[t] as number);

  test('stand behind the series, which stay as they are', () => {
    const more = withGroupAverages(panel, [
      { id: 'pair', seriesIds: ['a', 'b'] },
      { id: 'all', seriesIds: ['a', 'b', 'c'] },
    ]);
    expect(more.seriesIds).toEqual(['a', 'b', 'c', 'pair', 'all']);
    for (const s of [0, 1, 2]) expect(targetOf(more, s)).toEqual(targetOf(panel, s));
    expect(Array.from(targetOf(more, 3)).slice(0, 2)).toEqual([2, 3]);
    expect(Array.from(targetOf(more, 4)).slice(0, 2)).toEqual([8, 12]);
  });

  test('are unknown where much is unknown; little is taken to be like the rest', () => {
    // Sizes are 2, 3.5 and 30: without b 90 % of all is known, without c 15 %.
    expect(averages(panel, 'a', 'b')[2]).toBeNaN();
    const filled = ((3 + 40) / 3) * (35.5 / 32);
    expect(averages(panel, 'a', 'b', 'c')[2]).toBeCloseTo(filled, 4);
  });

  test('are the panel itself where there are no groups', () => {
    expect(withGroupAverages(panel, [])).toBe(panel);
  });

  test('of one series twice are that series, gaps and all', () => {
    const value = fc.oneof(fc.constant(Number.NaN), fc.integer({ min: -50, max: 50 }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
        const own = panelOf(['a', 'b'], values.length, (_, t) => values[t] as number);
        const isFlat = values.every((one) => Number.isNaN(one) || one === 0);
        const expected = isFlat ? values.map(() => Number.NaN) : values;
        expect(averages(own, 'a', 'b')).toEqual(expected);
      }),
      { numRuns: runs(50) },
    );
  });
});
