/**
 * Purpose: short histories are calibrated by windows of their own, which hide what lies before and
 * keep what lies after the cutoff.
 */
import { expect, test } from '@jest/globals';
import { groupOfWindow } from '../../../../../forecasting/models/calibration/calibration.ts';
import { shortHistories } from '../../../../../forecasting/models/calibration/short-histories.ts';
import { targetOf, timestampAt } from '../../../../../forecasting/panel/panel.ts';
import { newSpec, panelOf, toySpec } from '../../../../fixtures/random-panels.ts';

const LENGTH = 2000;
const panel = {
  ...panelOf(['a', 'b', 'c'], LENGTH, (s, t) => 1000 * s + t),
  context: [Float32Array.from({ length: LENGTH }, (_, t) => t)],
};
const cutoffs = [1500, 1505, 1700];

test('takes a day to two weeks up to the cutoff, then the actuals, under unknown ids', () => {
  const lengths = shortHistories(panel, cutoffs, newSpec).flatMap(
    ({ panel: short, cutoff, time }) => {
      expect(timestampAt(short, cutoff)).toBe(timestampAt(panel, time));
      expect(short.context?.[0]?.[cutoff]).toBe(time);
      expect(short.seriesIds.some((id) => panel.seriesIds.includes(id))).toBe(false);
      return short.seriesIds.map((_, series) => {
        const values = targetOf(short, series);
        const first = values.findIndex((value) => !Number.isNaN(value));
        expect([...values.subarray(first)]).toEqual([
          ...targetOf(panel, series).subarray(time - cutoff + first, time + 1 + newSpec.horizon),
        ]);
        return cutoff + 1 - first;
      });
    },
  );
  expect(new Set(lengths).size).toBe(lengths.length);
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(24);
  expect(Math.max(...lengths)).toBeLessThan(336);
});

test('is empty if the inputs do not depend on the length of history', () => {
  expect(shortHistories(panel, cutoffs, toySpec)).toEqual([]);
});

test('the group of short histories is the last, if there is one', () => {
  const of = (groups: number) => ({
    ...{ levelBounds: [5], factors: [], edges: [] },
    trust: Array.from({ length: groups }, () => []),
  });
  expect(groupOfWindow(of(3), 1, true)).toBe(2);
  expect(groupOfWindow(of(3), 1, false)).toBe(0);
  expect(groupOfWindow(of(3), 9, false)).toBe(1);
  // A calibration from before there was such a group.
  expect(groupOfWindow(of(2), 1, true)).toBe(0);
});
