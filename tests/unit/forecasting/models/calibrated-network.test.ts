/**
 * Purpose: calibration inside the network's forecast: quantiles stay in order, medians of counts
 * are whole, and all is saved.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { featureSizes } from '../../../../forecasting/features/feature-spec.ts';
import type { Calibration, Trust } from '../../../../forecasting/models/calibration/calibration.ts';
import {
  networkForecaster,
  restoreNetwork,
  saveNetwork,
} from '../../../../forecasting/models/network/forecaster.ts';
import {
  type NetworkSpec,
  parameterCount,
} from '../../../../forecasting/models/network/network.ts';
import { type FittedNetwork, fitNetwork } from '../../../../forecasting/models/network/training.ts';
import { randomStreams, seededRandom } from '../../../../platform/random.ts';
import { panelDescription, randomPanel } from '../../../fixtures/random-panels.ts';
import { startBackend, toyFit, toyNetwork } from '../../../fixtures/toy-network.ts';

const HORIZON = 6;
const ALONE: Trust = { network: 1, linear: 0 };
const NETWORK_ALONE = Array.from({ length: HORIZON }, () => ALONE);

describe('calibrated quantiles', () => {
  const FIVE = [0.05, 0.1, 0.5, 0.9, 0.95];
  const PANEL_LENGTH = 1400;
  const LAST = PANEL_LENGTH - 1;
  const gapless = randomPanel({
    seed: 2,
    series: 3,
    length: PANEL_LENGTH,
    scale: 40,
    gapShare: 0,
    zeroShare: 0,
    negative: false,
  });
  beforeAll(async () => {
    await startBackend();
  });

  /** Random weights: no promise of the forecast may rest on what was learnt. */
  function randomNetwork(
    seed: number,
    changes: Partial<NetworkSpec['features']>,
    calibration: Calibration | null = null,
  ) {
    const random = seededRandom(seed);
    const toy = toyNetwork(['s0', 's1', 's2'], HORIZON);
    const whole = { ...toy, quantiles: FIVE, features: { ...toy.features, ...changes } };
    const ones = (size: number) => new Float32Array(size).fill(0.5);
    const { windowSize: w, stepSize: k } = featureSizes(whole.features);
    return networkForecaster({
      spec: whole,
      scaling: {
        windowMean: ones(w),
        windowScale: ones(w),
        stepMean: ones(k),
        stepScale: ones(k),
        outputScale: 0.3,
      },
      members: [Float32Array.from({ length: parameterCount(whole) }, () => random() - 0.5)],
      linear: null,
      calibration,
    });
  }

  const rowsOf = (values: Float32Array) => {
    const at = (s: number, q: number, k: number) =>
      values[(s * FIVE.length + q) * HORIZON + k] as number;
    return Array.from({ length: values.length / FIVE.length }, (_, i) =>
      FIVE.map((_, q) => at(Math.floor(i / HORIZON), q, i % HORIZON)),
    );
  };
  const isOrdered = (row: number[]) =>
    row.every((value, q) => q === 0 || value >= (row[q - 1] as number));
  const anyFactors = fc.array(fc.double({ min: 0.3, max: 4, noNaN: true }), {
    minLength: 2 * 5 * HORIZON,
    maxLength: 2 * 5 * HORIZON,
  });
  const calibrationOf = (factors: number[]): Calibration => ({
    ...{ levelBounds: [1], trust: [NETWORK_ALONE, NETWORK_ALONE], edges: [0, 0] },
    factors: [0, 1].map((group) =>
      FIVE.map((quantile, q) =>
        Array.from({ length: HORIZON }, (_, k) =>
          quantile === 0.5 ? 1 : (factors[(group * 5 + q) * HORIZON + k] as number),
        ),
      ),
    ),
  });

  test('stay in order around an unchanged median for any factors', () => {
    fc.assert(
      fc.property(
        panelDescription(PANEL_LENGTH),
        fc.nat(),
        fc.boolean(),
        anyFactors,
        (description, seed, integerValued, factors) => {
          const panel = randomPanel(description);
          const plain = rowsOf(
            randomNetwork(seed, { integerValued }).predict(panel, LAST, HORIZON),
          );
          const rows = rowsOf(
            randomNetwork(seed, { integerValued }, calibrationOf(factors)).predict(
              panel,
              LAST,
              HORIZON,
            ),
          );
          for (const [i, row] of rows.entries()) {
            expect(isOrdered(row)).toBe(true);
            expect(row[2]).toBe(plain[i]?.[2]);
          }
        },
      ),
      { numRuns: 5, seed: 1 },
    );
  });

  test('double their distance for a factor of 2 and keep all bits for 1', () => {
    const forecast = (factor: number | null) => {
      const calibration =
        factor === null ? null : calibrationOf(Array(2 * 5 * HORIZON).fill(factor));
      return rowsOf(
        randomNetwork(5, { nonNegative: false }, calibration).predict(gapless, LAST, HORIZON),
      );
    };
    const [plain, same, doubled] = [forecast(null), forecast(1), forecast(2)];
    for (const [i, row] of plain.entries()) {
      for (const [q, value] of row.entries()) {
        expect(same[i]?.[q]).toBeCloseTo(value, 3);
        expect((doubled[i]?.[q] as number) - (row[2] as number)).toBeCloseTo(
          2 * (value - (row[2] as number)),
          2,
        );
      }
    }
  });

  test('of counts are whole or next to it, and move by half a count at most', () => {
    fc.assert(
      fc.property(panelDescription(PANEL_LENGTH), fc.nat(), (description, seed) => {
        const panel = randomPanel(description);
        const plain = rowsOf(randomNetwork(seed, {}).predict(panel, LAST, HORIZON));
        const whole = rowsOf(
          randomNetwork(seed, { integerValued: true }).predict(panel, LAST, HORIZON),
        );
        for (const [i, row] of whole.entries()) {
          const [, , median] = row as [number, number, number];
          const unrounded = plain[i] as number[];
          expect(Number.isInteger(median)).toBe(true);
          expect(Math.abs(median - (unrounded[2] as number))).toBeLessThanOrEqual(0.5);
          expect(isOrdered(row) && (row[0] as number) >= 0).toBe(true);
          for (const [q, y] of unrounded.entries()) {
            const inOrder = q < 2 ? Math.min(y, median) : Math.max(y, median);
            const [value, next] = [row[q] as number, 1.01e-3];
            expect(Math.abs(value - Math.round(value))).toBeLessThan(next);
            if (q !== 2) expect(Math.abs(value - inOrder)).toBeLessThan(0.5 + next);
          }
        }
      }),
      { numRuns: 5, seed: 3 },
    );
  });

  test('are not rounded for a target other than counts', () => {
    const medians = rowsOf(randomNetwork(5, {}).predict(gapless, LAST, HORIZON)).map(
      (row) => row[2] as number,
    );
    expect(medians.filter((y) => y > 0 && !Number.isInteger(y)).length).toBeGreaterThan(
      0.5 * medians.length,
    );
  });

  test('use the unrounded forecast, survive the disk, and need enough history', async () => {
    const panel = randomPanel({
      seed: 6,
      series: 2,
      length: 1680,
      scale: 40,
      gapShare: 0,
      zeroShare: 0.3,
      negative: false,
    });
    const alive = {
      ...panel,
      columns: { target: panel.columns.target.map((y) => (Number.isNaN(y) ? 0 : Math.round(y))) },
    };
    const toy = toyNetwork(alive.seriesIds, HORIZON);
    const fitted = (
      integerValued: boolean,
      lastTarget = alive.length - 1,
    ): Promise<FittedNetwork> =>
      fitNetwork(
        alive,
        { ...toy, features: { ...toy.features, integerValued } },
        lastTarget,
        { ...toyFit, steps: 6 },
        randomStreams(1),
      );
    const [whole, plain] = [await fitted(true), await fitted(false)];
    expect(whole.calibration?.factors).toEqual(plain.calibration?.factors);
    expect(whole.calibration?.trust).toEqual(plain.calibration?.trust);
    expect(new Set(plain.calibration?.edges)).toEqual(new Set([0]));
    expect(whole.members).toEqual(plain.members);
    expect(whole.calibration?.factors.flat(2).some((factor) => factor !== 1)).toBe(true);
    const { model, weights } = saveNetwork(whole);
    const restored = restoreNetwork(JSON.parse(JSON.stringify(model)), weights);
    expect(restored.predict(alive, 1679, HORIZON)).toEqual(
      networkForecaster(whole).predict(alive, 1679, HORIZON),
    );
    expect((await fitted(true, 1500)).calibration).toBeNull();
  });
});
