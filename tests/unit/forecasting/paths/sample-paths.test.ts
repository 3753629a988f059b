/**
 * Purpose: paths have the marginals of the forecast, move together as past errors did, replay from
 * their seed, and add up.
 */
import { describe, expect, test } from '@jest/globals';
import { errorTemplates, templateGrid } from '../../../../forecasting/paths/error-templates.ts';
import { fitDependence } from '../../../../forecasting/paths/fit-dependence.ts';
import { type PathForecast, SamplePaths } from '../../../../forecasting/paths/sample-paths.ts';
import {
  byWindow,
  peaksOf,
  quantileOf,
  shareAbove,
  sortedByStep,
  sumOfMeans,
  sumOfPaths,
} from '../../../../forecasting/paths/totals.ts';
import { randomStreams, seededRandom } from '../../../../platform/random.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';

const [LENGTH, HORIZON, QUANTILES] = [8 * 168, 6, [0.1, 0.5, 0.9]];
const IDS = ['a', 'b', 'c', 'd'];

/** Noise about 100, shared by all series to a degree. */
function noisy(shared: number) {
  const random = seededRandom(3);
  const noise = () => random() + random() + random() - 1.5;
  const common = Array.from({ length: LENGTH }, noise);
  return panelOf(
    IDS,
    LENGTH,
    (_, t) => 100 + 20 * (shared * (common[t] as number) + (1 - shared) * noise()),
  );
}

function forecastOf(shared: number, changes: Partial<PathForecast> = {}): PathForecast {
  const spread = [90, 100, 112];
  const mean = new Float32Array(IDS.length * HORIZON).fill(101);
  const values = Float32Array.from(
    { length: IDS.length * 3 * HORIZON },
    (_, i) => spread[Math.floor(i / HORIZON) % 3] as number,
  );
  return {
    ...{ panel: noisy(shared), cutoff: LENGTH - 1, horizon: HORIZON, day: 24, week: 168 },
    ...{ quantiles: QUANTILES, prediction: { values, mean } },
    ...{ nonNegative: true, integerValued: false, dependence: 1 },
    ...changes,
  };
}
const pathsOf = (forecast: PathForecast, count = 200, seed = 1) =>
  new SamplePaths(forecast, count, randomStreams(seed));
const rowsOf = [0, 1, 2, 3];

describe('paths of one series', () => {
  test('have the quantiles and the mean of the forecast at every step', () => {
    const paths = pathsOf(forecastOf(0.5)).ofSeries(1);
    for (const column of sortedByStep(Float64Array.from(paths), HORIZON)) {
      expect(column.reduce((sum, x) => sum + x, 0) / column.length).toBeCloseTo(101, 3);
      for (const [i, q] of QUANTILES.entries())
        expect(Math.abs(quantileOf(column, q) - ([90, 100, 112][i] as number))).toBeLessThan(1.5);
    }
  });

  test('of sparse counts are whole, not negative and keep the mean', () => {
    const prediction = {
      values: new Float32Array(IDS.length * 3 * HORIZON),
      mean: new Float32Array(IDS.length * HORIZON).fill(0.25),
    };
    const forecast = forecastOf(0.5, { prediction, integerValued: true });
    const paths = pathsOf(forecast, 4000).ofSeries(0);
    expect(paths.every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
    const mean = paths.reduce((sum, value) => sum + value, 0) / paths.length;
    expect(Math.abs(mean - 0.25)).toBeLessThan(0.02);
  });

  test('of several dependences equal those of each alone bit for bit', () => {
    const mean = new Float32Array(IDS.length * HORIZON).fill(0.25);
    const values = new Float32Array(IDS.length * 3 * HORIZON);
    const counts = { prediction: { values, mean }, integerValued: true };
    for (const changes of [{}, counts, { cutoff: 170 }]) {
      const dependences = [0, 0.2, 0.6, 1];
      const together = pathsOf(forecastOf(0.5, changes)).ofSeriesWith(2, dependences);
      expect(together).toEqual(
        dependences.map((dependence) =>
          pathsOf(forecastOf(0.5, { ...changes, dependence })).ofSeries(2),
        ),
      );
    }
  });

  test('of sparse counts with correlated errors are high together', () => {
    const prediction = {
      values: Float32Array.from({ length: IDS.length * 3 * HORIZON }, (_, i) =>
        Math.floor(i / HORIZON) % 3 === 2 ? 1 : 0,
      ),
      mean: new Float32Array(IDS.length * HORIZON).fill(0.3),
    };
    const paths = pathsOf(forecastOf(1, { prediction, integerValued: true }), 1000);
    const [first, second] = [paths.ofSeries(0), paths.ofSeries(1)];
    const differ = first.filter((value, i) => value !== second[i]).length;
    expect(differ / first.length).toBeLessThan(0.05);
  });

  test('are the same for a seed, alone or among others, and differ by seed', () => {
    const forecast = forecastOf(0.5);
    const [first, again, other] = [pathsOf(forecast), pathsOf(forecast), pathsOf(forecast, 200, 2)];
    first.ofSeries(0);
    expect(first.ofSeries(2)).toEqual(again.ofSeries(2));
    expect(first.ofSeries(2)).not.toEqual(other.ofSeries(2));
  });

  test('read nothing after the cutoff', () => {
    const cutoff = LENGTH - 100;
    const forecast = forecastOf(0.5, { cutoff });
    const target = forecast.panel.columns.target.map((value, i) =>
      i % LENGTH > cutoff ? value * 3 : value,
    );
    const changed = { ...forecast.panel, columns: { target } };
    expect(pathsOf({ ...forecast, panel: changed }).ofSeries(3)).toEqual(
      pathsOf(forecast).ofSeries(3),
    );
  });

  test('exist for a short panel, unknown values and a forecast of one quantile', () => {
    const short = panelOf(IDS, 100, () => Number.NaN);
    const flat = { values: new Float32Array(24).fill(5), mean: new Float32Array(24).fill(5) };
    const forecast = forecastOf(0, {
      ...{ panel: short, cutoff: 99, quantiles: [0.5], prediction: flat },
    });
    expect([...pathsOf(forecast, 3).ofSeries(0)]).toEqual(new Array(18).fill(5));
  });
});

describe('totals', () => {
  const widthOf = (forecast: PathForecast) => {
    const [first] = sortedByStep(sumOfPaths(pathsOf(forecast), rowsOf, HORIZON), HORIZON);
    return quantileOf(first as Float64Array, 0.9) - quantileOf(first as Float64Array, 0.1);
  };

  test('are wide for correlated errors and narrow for independent ones', () => {
    const marginal = IDS.length * (112 - 90);
    expect(widthOf(forecastOf(1))).toBeGreaterThan(0.9 * marginal);
    expect(widthOf(forecastOf(0))).toBeLessThan(0.65 * marginal);
    expect(widthOf(forecastOf(1, { dependence: 0 }))).toBeLessThan(0.65 * marginal);
  });

  test('of independent series keep days that are high throughout', () => {
    const random = seededRandom(4);
    const ids = Array.from({ length: 40 }, (_, i) => `s${i}`);
    const [low, high] = [90, 110];
    const forecast = forecastOf(0, {
      panel: panelOf(ids, LENGTH, () => 100 + 20 * (random() - 0.5)),
      prediction: {
        values: Float32Array.from(
          { length: ids.length * 3 * HORIZON },
          (_, i) => [low, 100, high][Math.floor(i / HORIZON) % 3] as number,
        ),
        mean: new Float32Array(ids.length * HORIZON).fill(100),
      },
    });
    const total = sumOfPaths(pathsOf(forecast), [...ids.keys()], HORIZON);
    const day = byWindow(total, HORIZON, HORIZON).sort();
    const width = quantileOf(day, 0.9) - quantileOf(day, 0.1);
    // Of as many independent values, and of values that all move as one.
    const terms = ids.length * HORIZON;
    expect(width / (Math.sqrt(terms) * (high - low))).toBeGreaterThan(1.5);
    expect(width / (terms * (high - low))).toBeLessThan(0.3);
  });

  test('of groups sum to the total on every path, and so do their means', () => {
    const forecast = forecastOf(0.5, { integerValued: true });
    const paths = pathsOf(forecast);
    const [all, left, right] = [rowsOf, [0, 3], [1, 2]].map((rows) =>
      sumOfPaths(paths, rows, HORIZON),
    ) as [Float64Array, Float64Array, Float64Array];
    expect(all).toEqual(left.map((value, i) => value + (right[i] as number)));
    expect([...sumOfMeans(forecast.prediction, rowsOf, HORIZON)]).toEqual(
      new Array(HORIZON).fill(404),
    );
  });

  test('reduce to windows, peaks and exceedance of a capacity', () => {
    // Two paths of four steps.
    const paths = Float64Array.of(1, 2, 5, 4, 3, 3, 0, 1);
    expect([...byWindow(paths, 4, 2)]).toEqual([3, 9, 6, 1]);
    expect(() => byWindow(paths, 4, 3)).toThrow(RangeError);
    const peaks = peaksOf(paths, 4);
    expect([[...peaks.sizes], [...peaks.steps]]).toEqual([
      [5, 3],
      [2, 0],
    ]);
    const sorted = Float64Array.of(1, 2, 2, 5);
    expect([0, 2, 4, 5].map((capacity) => shareAbove(sorted, capacity))).toEqual([
      1, 0.25, 0.25, 0,
    ]);
  });
});

test.each([
  ['', Number.POSITIVE_INFINITY],
  [', also where each horizon has a step that no series knows', HORIZON],
])('the dependence is high for common errors and low for independent ones%s', (_, apart) => {
  const cutoffs = Array.from({ length: 24 }, (_, i) => LENGTH - 1 - HORIZON - 7 * i);
  const spec = forecastOf(0.5);
  for (const [i] of spec.panel.columns.target.entries())
    if ((i % LENGTH) % apart === 3) spec.panel.columns.target[i] = Number.NaN;
  // Half of the noise about 100 is what all series share.
  const shared = noisy(1).columns.target.map((value) => (value - 100) / 2);
  const fitted = (known: number, spread: number) => {
    const forecaster = {
      ...{ name: 'constant', quantiles: QUANTILES, minimumHistory: 1 },
      predict: (_: unknown, cutoff: number) =>
        Float32Array.from({ length: IDS.length * 3 * HORIZON }, (_, i) => {
          const common = shared[cutoff + 1 + (i % HORIZON)] as number;
          return 100 + known * common + spread * ((Math.floor(i / HORIZON) % 3) - 1);
        }),
    };
    return fitDependence(spec.panel, forecaster, cutoffs, spec, randomStreams(1));
  };
  expect(fitted(0, 9)).toBeGreaterThan(0.6);
  expect(fitted(1, 6.5)).toBeLessThan(0.5);
});

test('errors decay at the same rate with closed days as without', () => {
  const week = 7;
  const random = seededRandom(5);
  let error = 0;
  const full = Float32Array.from({ length: 300 * week }, () => {
    error = 0.8 * error + random() - 0.5;
    return 10 + error;
  });
  const closed = full.map((value, t) => (t % week < 5 ? value : Number.NaN));
  const grid = templateGrid(full.length - 1 - 3, { horizon: 7, day: 1, week });
  const errorAt = (t: number) =>
    (full[t] as number) -
    [1, 2, 3, 4].reduce((sum, season) => sum + (full[t - season * week] as number) / 4, 0);
  /** What a template takes from an error a day later, as a share of the error. */
  const persistenceIn = (values: Float32Array) => {
    const m = grid.cutoffs.findIndex((cutoff) => cutoff % week === 0);
    const cutoff = grid.cutoffs[m] as number;
    return (
      (errorAt(cutoff + 1) - (errorTemplates(values, grid)[m * 7] as number)) / errorAt(cutoff)
    );
  };
  expect(persistenceIn(full)).toBeGreaterThan(0.6);
  expect(Math.abs(persistenceIn(closed) - persistenceIn(full))).toBeLessThan(0.1);
});
