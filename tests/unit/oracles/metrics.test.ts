/**
 * Purpose: every metric of docs/glossary.md by a worked example, and all of them against a second
 * implementation.
 */

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BacktestResult, ForecasterResult } from '../../../forecasting/evaluation/backtest.ts';
import {
  pinballLoss,
  score,
  seasonalNaiveErrors,
  seriesGroups,
} from '../../../forecasting/evaluation/metrics.ts';
import { meanOf } from '../../../forecasting/panel/panel.ts';
import { runs } from '../../fixtures/property-runs.ts';
import { panelOf } from '../../fixtures/random-panels.ts';

/** One series at one cutoff: columns as they lie in a result. */
function oneWindow(
  actuals: number[],
  columns: Record<string, number[]>,
): { result: BacktestResult; forecast: ForecasterResult } {
  const quantiles = Object.keys(columns).map(Number);
  const forecast = {
    name: 'f',
    quantiles,
    values: Float32Array.from(Object.values(columns).flat()),
  };
  const result = {
    seriesIds: ['a'],
    cutoffs: [10],
    horizon: actuals.length,
    actuals: Float32Array.from(actuals),
    forecasts: [forecast],
  };
  return { result, forecast };
}
const everything = { name: 'all', series: [0] };

describe('score: hand calculations', () => {
  const { result, forecast } = oneWindow([2, 0, 4], {
    0.1: [0, 0.5, 3],
    0.5: [1, 1, 4],
    0.9: [3, 2, 5],
  });
  const metrics = score(result, forecast, everything, Float64Array.of(0.5));

  test('the example of the glossary', () => {
    expect(metrics.mae).toBeCloseTo(2 / 3, 12);
    expect(metrics.wape).toBeCloseTo(2 / 6, 12);
    expect(metrics.bias).toBe(0);
    expect(metrics.coverage).toBeCloseTo(2 / 3, 12);
    expect(metrics.nominalCoverage).toBeCloseTo(0.8, 12);
    expect(metrics.maePerStep).toEqual([1, 1, 0]);
    expect(metrics.coveragePerStep).toEqual([1, 0, 1]);
    expect(metrics.count).toBe(3);
  });

  test('pinball loss is half the absolute error of a median, averaged over quantiles', () => {
    const median = score(
      ...withOnly(result, [0.25, 0.5], [1, 1, 4, 1, 1, 4]),
      everything,
      Float64Array.of(1),
    );
    // Errors 1, −1, 0. At 0.5: (0.5 + 0.5 + 0) / 3. At 0.25: (0.25 + 0.75 + 0) / 3. The mean of the
    // two is 1/3.
    expect(median.pinball).toBeCloseTo(1 / 3, 12);
    expect(pinballLoss(0.5, 3)).toBe(1.5);
    expect(pinballLoss(0.5, -3)).toBe(1.5);
    expect(pinballLoss(0.9, 10)).toBeCloseTo(9, 12);
    expect(pinballLoss(0.9, -10)).toBeCloseTo(1, 12);
    // 0.1: errors 2, −0.5, 1 → 0.2 + 0.45 + 0.1. 0.5: 0.5 + 0.5 + 0. 0.9: errors −1, −2, −1 → 0.1 +
    // 0.2 + 0.1.
    expect(metrics.pinball).toBeCloseTo((0.75 + 1 + 0.4) / 3 / 3, 6);
  });

  test('bias is positive where forecasts are too high', () => {
    expect(
      score(...withOnly(result, [0.5], [3, 3, 4]), everything, Float64Array.of(1)).bias,
    ).toBeCloseTo((1 + 3 + 0) / 3, 12);
  });

  test('MASE divides by the seasonal naive error of the training span', () => {
    const panel = panelOf(['a'], 8, (_, t) => [1, 5, 2, 7, 3, 9, 100, 200][t] as number);
    // m = 2, training span of 6: |2−1|, |7−5|, |3−2|, |9−7| → 6/4. m = 1: 4, 3, 5, 4, 6 → 22/5.
    expect(seasonalNaiveErrors(panel, 2, 6)[0]).toBe(1.5);
    expect(seasonalNaiveErrors(panel, 1, 6)[0]).toBeCloseTo(4.4, 12);
    expect(score(result, forecast, everything, seasonalNaiveErrors(panel, 2, 6)).mase).toBeCloseTo(
      2 / 3 / 1.5,
      12,
    );
  });

  test('MASE skips a series without a naive error and averages the others', () => {
    const actuals = Float32Array.of(1, 1, 5, 5, 9, 9);
    const forecasts = [{ name: 'f', quantiles: [0.5], values: Float32Array.of(2, 2, 5, 9, 9, 10) }];
    const three = { seriesIds: ['a', 'b', 'c'], cutoffs: [0], horizon: 2, actuals, forecasts };
    const group = { name: 'all', series: [0, 1, 2] };
    // MAE per series 1, 2, 0.5; scaled by 2, nothing, 1.
    expect(score(three, forecasts[0], group, Float64Array.of(2, 0, 1)).mase).toBeCloseTo(
      (0.5 + 0.5) / 2,
      12,
    );
  });

  test('skips an unknown actual and never counts it as zero', () => {
    const { result: gappy, forecast: f } = oneWindow([2, Number.NaN, 4], {
      0.1: [0, 0, 0],
      0.5: [1, 50, 4],
      0.9: [9, 90, 9],
    });
    const m = score(gappy, f, everything, Float64Array.of(1));
    expect([m.mae, m.wape, m.bias, m.count, m.coverage]).toEqual([0.5, 1 / 6, -0.5, 2, 1]);
    expect(m.maePerStep).toEqual([1, Number.NaN, 0]);
  });

  test('is NaN, never 0, without anything to compute from', () => {
    const { result: zero, forecast: f } = oneWindow([0, 0], { 0.5: [1, 1] });
    const m = score(zero, f, everything, Float64Array.of(0));
    expect(m.mae).toBe(1);
    expect([m.mase, m.pinball, m.coverage, m.nominalCoverage]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    expect(Number.isFinite(m.wape)).toBe(false);
    const { result: unknown, forecast: g } = oneWindow([Number.NaN], { 0.5: [1] });
    expect(score(unknown, g, everything, Float64Array.of(1)).mae).toBeNaN();
  });

  test('groups series by their mean before the test span', () => {
    const panel = panelOf(
      ['sparse', 'busy', 'late'],
      10,
      (s, t) => [0.2, 3, t < 5 ? 0.5 : 90][s] as number,
    );
    expect(seriesGroups(panel, 5)).toEqual([
      { name: 'all', series: [0, 1, 2] },
      { name: 'mean>=1', series: [1] },
    ]);
    expect(seriesGroups(panel, 10).map(({ series }) => series)).toEqual([
      [0, 1, 2],
      [1, 2],
    ]);
    const allBusy = panelOf(['a', 'b'], 4, () => 1);
    expect(seriesGroups(allBusy, 4)).toEqual([{ name: 'all', series: [0, 1] }]);
    expect(meanOf(Float32Array.of(1, Number.NaN, 2))).toBe(1.5);
    expect(meanOf(Float32Array.of(Number.NaN))).toBeNaN();
  });
});

function withOnly(
  result: BacktestResult,
  quantiles: number[],
  values: number[],
): [BacktestResult, ForecasterResult] {
  return [result, { name: 'f', quantiles, values: Float32Array.from(values) }];
}

interface Row {
  readonly y: number;
  readonly step: number;
  readonly series: number;
  readonly at: ReadonlyMap<number, number>;
}

/** The definitions again, over a flat list of rows. */
function metricsOf(rows: readonly Row[], quantiles: readonly number[], naive: Float64Array) {
  const mean = (values: number[]) =>
    values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : Number.NaN;
  const error = ({ y, at }: Row) => y - (at.get(0.5) as number);
  const losses = quantiles.flatMap((q) =>
    rows.map(({ y, at }) => {
      const e = y - (at.get(q) as number);
      return e >= 0 ? q * e : (q - 1) * e;
    }),
  );
  const [low, high] = [quantiles[0] as number, quantiles.at(-1) as number];
  const scaled = [...new Set(rows.map(({ series }) => series))]
    .filter((s) => (naive[s] as number) > 0)
    .map(
      (s) =>
        mean(rows.filter(({ series }) => series === s).map((row) => Math.abs(error(row)))) /
        (naive[s] as number),
    );
  return {
    mae: mean(rows.map((row) => Math.abs(error(row)))),
    wape:
      rows.reduce((sum, row) => sum + Math.abs(error(row)), 0) /
      rows.reduce((sum, { y }) => sum + Math.abs(y), 0),
    bias: mean(rows.map((row) => -error(row))),
    mase: mean(scaled),
    pinball: mean(losses),
    coverage: mean(
      rows.map(({ y, at }) =>
        y >= (at.get(low) as number) && y <= (at.get(high) as number) ? 1 : 0,
      ),
    ),
  };
}

test('every metric equals the second implementation', () => {
  const size = fc.record({
    cutoffs: fc.integer({ min: 1, max: 4 }),
    series: fc.integer({ min: 1, max: 3 }),
    horizon: fc.integer({ min: 1, max: 5 }),
  });
  const number = fc.integer({ min: -400, max: 400 }).map((x) => x / 8);
  fc.assert(
    fc.property(
      size,
      fc.infiniteStream(number),
      fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
      (shape, numbers, gaps) => {
        const { cutoffs, series, horizon } = shape;
        const quantiles = [0.1, 0.5, 0.9];
        const next = () => numbers.next().value as number;
        const windows = cutoffs * series;
        const actuals = Float32Array.from({ length: windows * horizon }, () =>
          (gaps.next().value as number) === 0 ? Number.NaN : next(),
        );
        const values = new Float32Array(windows * 3 * horizon);
        const rows: Row[] = [];
        for (let w = 0; w < windows; w++) {
          for (let k = 0; k < horizon; k++) {
            const at = new Map(
              [next(), next(), next()]
                .sort((a, b) => a - b)
                .map((value, q) => [quantiles[q] as number, value]),
            );
            quantiles.forEach((q, i) => {
              values[(w * 3 + i) * horizon + k] = at.get(q) as number;
            });
            const y = actuals[w * horizon + k] as number;
            if (!Number.isNaN(y)) rows.push({ y, step: k, series: w % series, at });
          }
        }
        const naive = Float64Array.from({ length: series }, () => Math.max(0, next()));
        const forecast = { name: 'f', quantiles, values };
        const ids = Array.from({ length: series }, (_, s) => `s${s}`);
        const result = {
          seriesIds: ids,
          cutoffs: Array.from({ length: cutoffs }, (_, c) => c),
          horizon,
          actuals,
          forecasts: [forecast],
        };
        // Of all series, and of the last one alone.
        for (const members of [ids.map((_, s) => s), [series - 1]]) {
          const chosen = rows.filter((row) => members.includes(row.series));
          const got = score(result, forecast, { name: 'g', series: members }, naive);
          const expected = metricsOf(chosen, quantiles, naive);
          expect(got.count).toBe(chosen.length);
          for (const [name, value] of Object.entries(expected)) {
            const actual = got[name as keyof typeof expected];
            if (!Number.isFinite(value)) expect(actual).toBe(value);
            else expect(actual).toBeCloseTo(value, 9);
          }
          for (let k = 0; k < horizon; k++) {
            const ofStep = metricsOf(
              chosen.filter(({ step }) => step === k),
              quantiles,
              naive,
            );
            if (Number.isNaN(ofStep.mae)) expect(got.maePerStep[k]).toBeNaN();
            else expect(got.maePerStep[k]).toBeCloseTo(ofStep.mae, 9);
            if (Number.isNaN(ofStep.coverage)) expect(got.coveragePerStep[k]).toBeNaN();
            else expect(got.coveragePerStep[k]).toBeCloseTo(ofStep.coverage, 12);
          }
        }
      },
    ),
    { numRuns: runs(150), seed: 3 },
  );
});
