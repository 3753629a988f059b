/**
 * Purpose: a baseline's interval is made of its own past errors, of nothing later, and holds what
 * it says on data that stay alike.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { baselineWithIntervals } from '../../../../../forecasting/models/baselines/baseline-intervals.ts';
import {
  lastValue,
  meanOfSeasons,
  naiveForecasters,
} from '../../../../../forecasting/models/baselines/naive.ts';
import { seededRandom } from '../../../../../platform/random.ts';
import {
  changedAfter,
  panelDescription,
  panelOf,
  randomPanel,
} from '../../../../fixtures/random-panels.ts';

const options = {
  quantiles: [0.1, 0.5, 0.9],
  day: 24,
  week: 168,
  nonNegative: false,
  integerValued: false,
};

describe('hand calculations', () => {
  test('the last value of a series growing by 1 errs by k at step k', () => {
    const panel = panelOf(['a'], 24 * 40, (_, t) => t);
    const made = baselineWithIntervals(lastValue, options).predict(panel, panel.length - 1, 3);
    const last = panel.length - 1;
    // Low end and median: the point itself, because every error was above it.
    expect([...made]).toEqual([last, last, last, last, last, last, last + 1, last + 2, last + 3]);
  });

  test('errors 1 … 28 at every step put the quantile q at position 29 q', () => {
    // A day of value n, n days back: the last value of n days ago errs by what was added since;
    // here the series jumps back to 0 at each cutoff.
    const cutoff = 24 * 40 - 1;
    const panel = panelOf(['a'], cutoff + 1, (_, t) => {
      const daysBack = (cutoff - t) / 24;
      return Number.isInteger(daysBack) ? 0 : Math.ceil(daysBack);
    });
    const made = baselineWithIntervals(lastValue, options).predict(panel, cutoff, 1);
    expect(made[0]).toBeCloseTo(0, 6);
    expect(made[2]).toBeCloseTo(0.9 * 29, 4);
  });

  test('counts have a whole median and no value below 0', () => {
    const random = seededRandom(3);
    const panel = panelOf(['a'], 24 * 60, () => Math.floor(3 * random() * random()));
    const made = baselineWithIntervals(meanOfSeasons(168), {
      ...options,
      nonNegative: true,
      integerValued: true,
    });
    const values = made.predict(panel, panel.length - 1, 24);
    for (let k = 0; k < 24; k++) {
      expect(Number.isInteger(values[24 + k])).toBe(true);
      expect(values[k]).toBeGreaterThanOrEqual(0);
    }
  });

  test('fewer than 10 errors give no interval and no forecast', () => {
    const panel = panelOf(['few', 'enough'], 24 * 20, (s, t) =>
      s === 1 || t % 100 === 0 ? 5 : Number.NaN,
    );
    const made = baselineWithIntervals(meanOfSeasons(168), options).predict(
      panel,
      panel.length - 1,
      1,
    );
    expect(Array.from(made, Number.isNaN)).toEqual([true, true, true, false, false, false]);
  });
});

test('on stationary noise the 80 % interval covers 80 %', () => {
  const random = seededRandom(11);
  const panel = panelOf(
    Array.from({ length: 30 }, (_, s) => `s${s}`),
    24 * 70,
    (_, t) => 20 + 5 * Math.sin((2 * Math.PI * t) / 24) + random() + random() + random(),
  );
  const made = baselineWithIntervals(meanOfSeasons(168), options);
  let inside = 0;
  let count = 0;
  for (let cutoff = 24 * 45; cutoff < 24 * 69; cutoff += 67) {
    const values = made.predict(panel, cutoff, 24);
    for (let s = 0; s < 30; s++) {
      for (let k = 0; k < 24; k++) {
        const actual = panel.columns.target[s * panel.length + cutoff + k + 1];
        const low = values[(s * 3 + 0) * 24 + k];
        const high = values[(s * 3 + 2) * 24 + k];
        if (actual >= low && actual <= high) inside++;
        count++;
      }
    }
  }
  expect(inside / count).toBeGreaterThan(0.77);
  expect(inside / count).toBeLessThan(0.83);
});

test('reads nothing after the cutoff; quantiles are ordered; a row is complete or absent', () => {
  fc.assert(
    fc.property(panelDescription(6 * 168), fc.integer({ min: 0, max: 2 }), (description, which) => {
      const panel = randomPanel(description);
      const made = baselineWithIntervals(naiveForecasters(168)[which], options);
      const cutoff = Math.floor(panel.length * 0.8);
      const values = made.predict(panel, cutoff, 5);
      expect(
        made.predict(
          changedAfter(panel, cutoff, () => 1e6),
          cutoff,
          5,
        ),
      ).toEqual(values);
      for (let s = 0; s < panel.seriesIds.length; s++) {
        const row = values.subarray(s * 15, (s + 1) * 15);
        const gone = [...row].filter(Number.isNaN).length;
        expect([0, 15]).toContain(gone);
        for (let i = 5; i < 15 && gone === 0; i++)
          expect(row[i]).toBeGreaterThanOrEqual(row[i - 5]);
      }
    }),
    { numRuns: 6, seed: 4 },
  );
});
