/**
 * Purpose: a fitted network's forecasts of series in trouble are plausible and flagged, and follow
 * the unit of a series.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { featureSizes } from '../../../../forecasting/features/feature-spec.ts';
import {
  type NetworkForecaster,
  networkForecaster,
} from '../../../../forecasting/models/network/forecaster.ts';
import type { FittedNetwork } from '../../../../forecasting/models/network/training.ts';
import type { Panel } from '../../../../forecasting/panel/panel.ts';
import { seriesFlags } from '../../../../forecasting/panel/series-flags.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { HISTORY, panelOf } from '../../../fixtures/random-panels.ts';
import { fitToy, startBackend } from '../../../fixtures/toy-network.ts';

const HORIZON = 24;
const LENGTH = HISTORY + 48;
const LAST = LENGTH - 1;
const Q = 3;
const SEASONS = { day: 24, week: 168 };
const NAN = Number.NaN;

/** A day's wave with noise about 30 an hour, quieter at weekends. */
const noise = Float32Array.from({ length: LENGTH }, seededRandom(3));
const wave = (t: number): number =>
  (t % 168 < 120 ? 30 : 20) *
  (1 + 0.5 * Math.sin((2 * Math.PI * t) / 24) + 0.2 * ((noise[t] as number) - 0.5));

let fitted: FittedNetwork;
let network: NetworkForecaster;
beforeAll(async () => {
  await startBackend();
  fitted = await fitToy(
    panelOf(['s0', 's1'], LENGTH, (s, t) => (1 + s) * wave(t)),
    { horizon: HORIZON, steps: 30, stride: 29 },
  );
  network = networkForecaster(fitted);
}, 60_000);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, y) => sum + y, 0) / values.length;

describe('unusual series', () => {
  test.each<[string, string, (t: number) => number, string[]]>([
    ['like those it learnt', 's0', wave, []],
    ['unseen', 'never seen', wave, ['unseen']],
    ['unseen, and a thousand times as busy', 'never seen', (t) => 1000 * wave(t), ['unseen']],
    ['all zeros', 's0', () => 0, ['silent']],
    ['one value in three unknown', 's0', (t) => (t % 3 === 0 ? NAN : wave(t)), ['gaps']],
    ['unknown for the last three days', 's0', (t) => (t > LAST - 72 ? NAN : wave(t)), ['gaps']],
    ['born last week', 's0', (t) => (t <= LAST - 168 ? NAN : wave(t)), ['new']],
    ['born last week, with zeros before', 's0', (t) => (t <= LAST - 168 ? 0 : wave(t)), ['new']],
    [
      'unseen, born yesterday',
      'never seen',
      (t) => (t <= LAST - 24 ? NAN : wave(t)),
      ['unseen', 'new'],
    ],
    ['known only by one value', 's0', (t) => (t === LAST ? 12 : NAN), ['new']],
    ['nothing known', 's0', () => NAN, ['gaps']],
  ])('gives a series %s a plausible forecast and its flags', (_title, id, valueAt, flags) => {
    const panel = panelOf([id], LENGTH, (_, t) => valueAt(t));
    const values = network.predict(panel, LAST, HORIZON);
    for (let k = 0; k < HORIZON; k++) {
      const [low, median, high] = [0, 1, 2].map((q) => values[q * HORIZON + k] as number) as [
        number,
        number,
        number,
      ];
      expect([low, median, high].every(Number.isFinite)).toBe(true);
      expect(0 <= low && low <= median && median <= high).toBe(true);
    }
    // The last 4 weeks are what a level is taken from; zeros that stand for a time before the
    // series count in it.
    const known = [...panel.columns.target.subarray(LENGTH - 4 * 168)].filter(
      (y) => !Number.isNaN(y),
    );
    const median = mean([...values.subarray(HORIZON, 2 * HORIZON)]);
    if (known.some((y) => y > 0)) {
      expect(median).toBeGreaterThan(mean(known) / 3);
      expect(median).toBeLessThan(mean(known) * 3);
    } else expect(values.every((y) => y < 0.1)).toBe(true);
    expect(seriesFlags(network, panel, 0, LAST, SEASONS)).toEqual(flags);
  });
});

describe('scaling a series scales its forecast', () => {
  const scaled = (panel: Panel, c: number): Panel => ({
    ...panel,
    columns: { target: panel.columns.target.map((y) => y * c) },
  });
  const panel = panelOf(
    ['s0', 'never seen'],
    LENGTH,
    (s, t) => (1 + s) * (t % 50 === 0 ? NAN : wave(t)),
  );

  /**
   * Without what depends on the unit by design: the logarithm of the level, and groups of levels
   * that are calibrated apart.
   */
  function unitless(): NetworkForecaster {
    const { scaling, calibration } = fitted;
    const { windowSize } = featureSizes(fitted.spec.features);
    const logLevel = 168 + 2 * 24;
    const windowScale = scaling.windowScale.map((x, i) => (i === logLevel ? 0 : x));
    expect(windowScale).toHaveLength(windowSize);
    const busy = calibration && { ...calibration, levelBounds: [] };
    return networkForecaster({
      ...fitted,
      scaling: { ...scaling, windowScale },
      calibration: busy,
    });
  }

  test('within 32-bit rounding without the logarithm of the level', () => {
    const forecaster = unitless();
    const plain = forecaster.predict(panel, LAST, HORIZON);
    fc.assert(
      fc.property(fc.constantFrom(0.01, 0.3, 2, 1000), (c) => {
        const other = forecaster.predict(scaled(panel, c), LAST, HORIZON);
        for (const [i, y] of other.entries())
          expect(Math.abs(y / c - (plain[i] as number))).toBeLessThan(0.01);
      }),
      { numRuns: 4, seed: 1 },
    );
    // What is compared is a forecast, not a row of zeros.
    expect(mean([...plain])).toBeGreaterThan(10);
  });

  test.each([0.5, 2, 10])('approximately with all inputs, by a factor of %d', (c) => {
    const plain = network.predict(panel, LAST, HORIZON);
    const other = network.predict(scaled(panel, c), LAST, HORIZON);
    for (let s = 0; s < 2; s++) {
      const medians = (values: Float32Array) =>
        mean([...values.subarray((s * Q + 1) * HORIZON, (s * Q + 2) * HORIZON)]);
      expect(Math.abs(medians(other) / c / medians(plain) - 1)).toBeLessThan(0.2);
    }
  });
});
