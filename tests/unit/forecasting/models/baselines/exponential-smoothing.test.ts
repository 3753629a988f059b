/**
 * Purpose: seasonal exponential smoothing by hand and against a second implementation, and what it
 * must survive.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type FittedSmoothing,
  fitSmoothing,
  type Smoothing,
  type SmoothingSpec,
  smoothingForecaster,
} from '../../../../../forecasting/models/baselines/exponential-smoothing.ts';
import { seededRandom } from '../../../../../platform/random.ts';
import {
  changedAfter,
  panelDescription,
  panelOf,
  randomPanel,
  toySpec,
} from '../../../../fixtures/random-panels.ts';

const _ = Number.NaN;
const utc = { timeZone: 'UTC', holidays: null };
/** A "week" of three intervals. */
const short: SmoothingSpec = {
  place: utc,
  frequencyMinutes: 60,
  week: 3,
  horizon: 3,
  nonNegative: false,
};
const withParameters = (smoothing: Smoothing, spec = short): FittedSmoothing => ({
  spec,
  parameters: new Map([['a', smoothing]]),
});

const forecast = (fitted: FittedSmoothing, values: readonly number[], horizon = 3) => [
  ...smoothingForecaster(fitted).predict(
    panelOf(['a'], values.length, (_s, t) => values[t] as number),
    values.length - 1,
    horizon,
  ),
];

describe('hand calculations with a week of 3', () => {
  test('without deviation is a running mean, until gamma exceeds its share', () => {
    const mean = withParameters({ alpha: 0, phi: 0, gamma: 0.1 });
    expect(forecast(mean, [1, 10, 100, 3, 20, 200])).toEqual([2, 15, 150]);
    // Shares 1, 1/2, then 0.4: 1 → 2 → 2 + 0.4 · (12 − 2).
    expect(
      forecast(
        withParameters({ alpha: 0, phi: 0, gamma: 0.4 }),
        [1, _, _, 3, _, _, 12, _, _],
        1,
      )[0],
    ).toBeCloseTo(6, 5);
  });

  test('a deviation decays by phi every interval', () => {
    const values = [10, 10, 10, 10, 10, 18];
    // The error of the last interval is 8: half of it goes into its season, a quarter into the
    // deviation.
    const [first, second, third] = forecast(
      withParameters({ alpha: 0.25, phi: 0.5, gamma: 0.1 }),
      values,
    );
    expect([first, second, third]).toEqual([10 + 1, 10 + 0.5, 14 + 0.25]);
  });

  test('a gap only decays the deviation; unseen intervals take the mean of the others', () => {
    const smoothing = { alpha: 0.25, phi: 0.5, gamma: 0.1 };
    expect(forecast(withParameters(smoothing), [10, 10, 10, 10, 10, 18, _, _, _], 1)).toEqual([
      10 + 2 / 16,
    ]);
    expect(forecast(withParameters(smoothing), [4, _, 8], 3)).toEqual([4, 6, 8]);
    expect(forecast(withParameters(smoothing), [_, _, _], 3)).toEqual([0, 0, 0]);
  });

  test('is not negative if the target cannot be', () => {
    const values = [0, 0, 5, 0, 0, -40];
    expect(
      forecast(withParameters({ alpha: 0.9, phi: 0.9, gamma: 0.1 }), values, 1)[0],
    ).toBeLessThan(0);
    expect(
      forecast(
        withParameters({ alpha: 0.9, phi: 0.9, gamma: 0.1 }, { ...short, nonNegative: true }),
        values,
        1,
      ),
    ).toEqual([0]);
  });
});

test('follows the local hour across a clock change', () => {
  // 9 for the local hour of noon, else 1: New York changes to summer time on 12 March 2023.
  const local = (t: number) => {
    const isSummer = t >= 20 * 24 + 7;
    return (((t - (isSummer ? 4 : 5)) % 24) + 24) % 24;
  };
  const panel = panelOf(['a'], 22 * 24, (_s, t) => (local(t) === 12 ? 9 : 1));
  const spec = { ...toySpec, week: 168 };
  const forecaster = smoothingForecaster({
    spec,
    parameters: new Map([['a', { alpha: 0, phi: 0, gamma: 0.1 }]]),
  });
  const cutoff = 21 * 24 - 1;
  const values = forecaster.predict(panel, cutoff, 24);
  expect(values.indexOf(9)).toBe(
    Array.from(values).findIndex((_v, k) => local(cutoff + 1 + k) === 12),
  );
});

test('agrees with a second implementation that stores every state', () => {
  const random = seededRandom(3);
  for (let round = 0; round < 20; round++) {
    const smoothing = { alpha: random(), phi: random(), gamma: random() };
    const values = Array.from({ length: 40 }, () =>
      random() < 0.2 ? _ : Math.fround(10 * random()),
    );
    const seasons: (number | null)[] = [null, null, null];
    const errorsSeen = [0, 0, 0];
    let deviation = 0;
    for (const [t, y] of values.entries()) {
      const before = deviation * smoothing.phi;
      deviation = before;
      if (Number.isNaN(y)) continue;
      const slot = t % 3;
      const season = seasons[slot] ?? null;
      errorsSeen[slot]!++;
      const gain = Math.max(smoothing.gamma, 1 / errorsSeen[slot]!);
      seasons[slot] = season === null ? y - before : season + gain * (y - season - before);
      if (season !== null) deviation = before + smoothing.alpha * (y - season - before);
    }
    const expected = [1, 2, 3].map(
      (k) => (seasons[(39 + k) % 3] as number) + deviation * smoothing.phi ** k,
    );
    for (const [k, value] of forecast(withParameters(smoothing), values).entries())
      expect(value).toBeCloseTo(expected[k]!, 4);
  }
});

describe('smoothing parameters', () => {
  const spec: SmoothingSpec = { ...toySpec, place: utc, horizon: 6 };
  const chosen = (valueAt: (t: number, noise: number) => number) => {
    const random = seededRandom(4);
    const noise = Array.from({ length: 12 * 168 }, () => random() - 0.5);
    const panel = panelOf(['a'], noise.length, (_s, t) => valueAt(t, noise[t]!));
    return fitSmoothing(panel, spec, panel.length - 1).parameters.get('a')!;
  };

  test('choose no deviation for noise about a week, and a lasting one for a slow walk', () => {
    expect(chosen((t, noise) => 10 + Math.sin((2 * Math.PI * t) / 24) + noise)).toMatchObject({
      alpha: 0,
    });
    let level = 50;
    const walk = chosen((_t, noise) => (level = 50 + 0.98 * (level - 50) + 3 * noise));
    expect(walk.alpha).toBeGreaterThanOrEqual(0.3);
    expect(walk.phi).toBeGreaterThanOrEqual(0.95);
  });

  test('ignore values after the last target, and exist without history', () => {
    const random = seededRandom(6);
    const panel = panelOf(['a', 'b'], 1500, (s, t) => (s === 1 && t < 1480 ? _ : 5 + 3 * random()));
    const before = fitSmoothing(panel, spec, 1400);
    const after = fitSmoothing(
      changedAfter(panel, 1400, (t) => 1000 * t),
      spec,
      1400,
    );
    expect(after.parameters).toEqual(before.parameters);
    expect(before.parameters.get('b')).toEqual({ alpha: 0.3, phi: 0.95, gamma: 0.1 });
    expect(
      smoothingForecaster(before)
        .predict({ ...panel, seriesIds: ['a', 'new'] }, 1499, 6)
        .every(Number.isFinite),
    ).toBe(true);
  });
});

test('is finite, not negative, blind to the future and scales with the series', () => {
  fc.assert(
    fc.property(panelDescription(900), fc.integer({ min: 0, max: 870 }), (description, cutoff) => {
      const panel = randomPanel(description);
      const fitted = fitSmoothing(panel, toySpec, 700);
      const values = smoothingForecaster(fitted).predict(panel, cutoff, 24);
      expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
      const other = changedAfter(panel, cutoff, () => 7);
      expect(smoothingForecaster(fitted).predict(other, cutoff, 24)).toEqual(values);
      const scaled = {
        ...panel,
        columns: { target: panel.columns.target.map((value) => 4 * value) },
      };
      expect(smoothingForecaster(fitted).predict(scaled, cutoff, 24)).toEqual(
        values.map((value) => 4 * value),
      );
    }),
    { seed: 5, numRuns: 5 },
  );
});

test('refuses a cutoff outside the panel', () => {
  const forecaster = smoothingForecaster(withParameters({ alpha: 0, phi: 0, gamma: 0.1 }));
  const panel = panelOf(['a'], 9, () => 1);
  for (const cutoff of [-1, 9])
    expect(() => forecaster.predict(panel, cutoff, 1)).toThrow(RangeError);
});
