/**
 * Purpose: the ridge regression against the same problem solved another way, and what it must
 * survive.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFeatureSource } from '../../../../../forecasting/features/feature-source.ts';
import { meanOfSeasons } from '../../../../../forecasting/models/baselines/naive.ts';
import { solvePositiveDefinite } from '../../../../../forecasting/models/network/cholesky.ts';
import {
  fitRidge,
  PENALTIES,
  ridgeForecaster,
} from '../../../../../forecasting/models/network/ridge.ts';
import {
  createTrainingBatch,
  fillRow,
  trainingCutoffs,
} from '../../../../../forecasting/models/network/training-batch.ts';
import type { Panel } from '../../../../../forecasting/panel/panel.ts';
import { seededRandom } from '../../../../../platform/random.ts';
import {
  changedAfter,
  HISTORY,
  panelDescription,
  panelOf,
  randomPanel,
  TRAINING_HISTORY,
  toySpec,
} from '../../../../fixtures/random-panels.ts';

const spec = { ...toySpec, horizon: 3 };
const ridgeOf = (panel: Panel, lastTarget = panel.length - 1, features = spec) =>
  fitRidge(panel, features, lastTarget, { stride: 7 }, seededRandom(1));

/** A deviation from the weekly pattern that fades slowly: what the naive forecasters miss. */
function learnable(length: number, ids = ['a', 'b']): Panel {
  const random = seededRandom(8);
  const deviation = ids.map(() => 0);
  const rows = Array.from({ length }, (_, t) =>
    ids.map((_id, s) => {
      deviation[s] = 0.97 * deviation[s]! + random() - 0.5;
      return Math.max(0, 4 ** s * (10 + 3 * Math.sin((2 * Math.PI * t) / 24) + deviation[s]!));
    }),
  );
  return panelOf(ids, length, (s, t) => rows[t]![s]!);
}

describe('solvePositiveDefinite', () => {
  test('solves a system as by hand', () => {
    // 4x + 2y = 10, 2x + 3y = 9 → x = 1.5, y = 2. The upper triangle is not read.
    const [x, y] = solvePositiveDefinite(Float64Array.of(4, 99, 2, 3), Float64Array.of(10, 9));
    expect(x).toBeCloseTo(1.5, 12);
    expect(y).toBeCloseTo(2, 12);
    expect(() => solvePositiveDefinite(Float64Array.of(1, 2, 2, 1), Float64Array.of(1, 1))).toThrow(
      /not positive definite/,
    );
  });

  test('solves A = Bᵀ B + I without changing A or b', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), (size, seed) => {
        const random = seededRandom(seed);
        const b = Array.from({ length: size }, () =>
          Array.from({ length: size }, () => random() - 0.5),
        );
        const matrix = Float64Array.from({ length: size * size }, (_, at) => {
          const [i, j] = [Math.floor(at / size), at % size];
          return b.reduce((sum, row) => sum + row[i]! * row[j]!, i === j ? 1 : 0);
        });
        const right = Float64Array.from({ length: size }, () => random());
        const copies = [matrix.slice(), right.slice()];
        const x = solvePositiveDefinite(matrix, right);
        for (let i = 0; i < size; i++) {
          const product = x.reduce((sum, value, j) => sum + value * matrix[i * size + j]!, 0);
          expect(product).toBeCloseTo(right[i]!, 9);
        }
        expect([matrix, right]).toEqual(copies);
      }),
      { seed: 1, numRuns: 10 },
    );
  });
});

describe('fitRidge', () => {
  const panel = learnable(HISTORY + 1500);

  test('solves the weighted, penalised normal equations with a gradient of zero', () => {
    const fitted = ridgeOf(panel);
    const source = createFeatureSource(panel, spec);
    const cutoffs = trainingCutoffs(source, panel.length - 1, 7);
    expect(fitted.windows).toBe(2 * cutoffs.length);
    expect(PENALTIES).toContain(fitted.penalty);
    const batch = createTrainingBatch(source, 1);
    const meanLevel = [0, 1].map((s) =>
      mean([...panel.columns.target.subarray(s * panel.length, (s + 1) * panel.length)]),
    );
    const { stepSize, windowSize } = source.sizes;
    const size = fitted.coefficients.length / spec.horizon;
    for (const k of [0, 2]) {
      const beta = fitted.coefficients.subarray(k * size, (k + 1) * size);
      const gradient = new Float64Array(size);
      let total = 0;
      let scale = 0;
      for (const cutoff of cutoffs) {
        for (const series of [0, 1]) {
          fillRow(source, batch, 0, series, cutoff, fitted.scaling, 1);
          const x = [
            1,
            ...batch.step.subarray(k * stepSize, (k + 1) * stepSize),
            ...batch.window.subarray(168, windowSize),
          ];
          const level = batch.level[0]!;
          const weight = level ** 2 / (level + mean(meanLevel));
          const error = x.reduce((sum, value, i) => sum + value * beta[i]!, -batch.target[k]!);
          for (const [i, value] of x.entries()) gradient[i]! += weight * error * value;
          scale += weight * Math.abs(batch.target[k]!);
          total += weight;
        }
      }
      for (let i = 1; i < size; i++) gradient[i]! += fitted.penalty * total * beta[i]!;
      for (const value of gradient) expect(Math.abs(value) / scale).toBeLessThan(1e-5);
    }
  });

  test('beats the mean of 4 weeks on learnable data', () => {
    const forecaster = ridgeForecaster(ridgeOf(panel, panel.length - 100));
    const errorOf = (values: Float32Array, cutoff: number) =>
      mean(
        [0, 1].flatMap((s) =>
          [0, 1, 2].map((k) =>
            Math.abs(values[s * 3 + k]! - panel.columns.target[s * panel.length + cutoff + 1 + k]!),
          ),
        ),
      );
    const cutoffs = Array.from({ length: 18 }, (_, i) => panel.length - 99 + 5 * i);
    const error = mean(
      cutoffs.map((cutoff) => errorOf(forecaster.predict(panel, cutoff, 3), cutoff)),
    );
    const naive = mean(
      cutoffs.map((cutoff) => errorOf(meanOfSeasons(168).predict(panel, cutoff, 3), cutoff)),
    );
    expect(error).toBeLessThan(0.6 * naive);
  });

  test('selects a large penalty for noise and a smaller one for a pattern', () => {
    const random = seededRandom(1);
    const noise = panelOf(['a', 'b'], HISTORY + 300, () => 10 + random());
    expect(ridgeOf(noise).penalty).toBeGreaterThanOrEqual(1);
    expect(ridgeOf(panel).penalty).toBeLessThan(1);
  });

  test('ignores values after the last target', () => {
    const before = ridgeOf(panel, panel.length - 60);
    const after = ridgeOf(
      changedAfter(panel, panel.length - 60, () => 1e6),
      panel.length - 60,
    );
    expect(after).toEqual(before);
  });

  test('refuses too little history, and needs only one window', () => {
    expect(() => ridgeOf(panel, TRAINING_HISTORY + 1)).toThrow(/no training window/);
    const values = ridgeForecaster(ridgeOf(panel, TRAINING_HISTORY + 2)).predict(
      panel,
      TRAINING_HISTORY + 10,
      3,
    );
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

test('forecasts zeros, gaps, an unknown and a week-old series plausibly', () => {
  const panel = learnable(HISTORY + 300, ['a', 'b', 'c', 'd']);
  const values = panel.columns.target.map((value, i) => {
    const [s, t] = [Math.floor(i / panel.length), i % panel.length];
    if (s === 1) return 0;
    if (s === 2) return t % 5 < 3 ? Number.NaN : value;
    return s === 3 && t < panel.length - 170 ? Number.NaN : value;
  });
  const troubled = { ...panel, columns: { target: values } };
  const forecaster = ridgeForecaster(ridgeOf(troubled));
  const out = forecaster.predict(
    { ...troubled, seriesIds: ['a', 'b', 'c', 'new'] },
    panel.length - 1,
    3,
  );
  expect(out.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
  expect(Math.max(...out.subarray(3, 6))).toBeLessThan(0.01);
  expect(Math.max(...out)).toBeLessThan(
    3 * values.reduce((most, value) => (value > most ? value : most), 0),
  );
});

test('is finite, not negative and blind to the future for any panel', () => {
  fc.assert(
    fc.property(
      panelDescription(HISTORY + 200),
      fc.integer({ min: 167, max: HISTORY + 190 }),
      (description, cutoff) => {
        const panel = randomPanel(description);
        const forecaster = ridgeForecaster(ridgeOf(panel, HISTORY + 100));
        const values = forecaster.predict(panel, cutoff, 3);
        expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
        expect(
          forecaster.predict(
            changedAfter(panel, cutoff, () => 9),
            cutoff,
            3,
          ),
        ).toEqual(values);
      },
    ),
    { seed: 3, numRuns: 5 },
  );
});

test('gives the same bits at a cutoff, whatever was predicted before', () => {
  const panel = learnable(HISTORY + 60);
  const fitted = ridgeOf(panel);
  const forecaster = ridgeForecaster(fitted);
  for (const cutoff of [HISTORY + 50, HISTORY - 1, HISTORY + 20, 200]) {
    expect(forecaster.predict(panel, cutoff, 3)).toEqual(
      ridgeForecaster(fitted).predict({ ...panel }, cutoff, 3),
    );
  }
});

test('refuses a horizon it was not fitted for and a cutoff in the first week', () => {
  const panel = learnable(HISTORY + 60);
  const forecaster = ridgeForecaster(ridgeOf(panel));
  expect(() => forecaster.predict(panel, 1400, 4)).toThrow(/horizon 4/);
  expect(() => forecaster.predict(panel, 100, 3)).toThrow(RangeError);
  expect(forecaster.predict(panel, 200, 2)).toHaveLength(4);
});

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
