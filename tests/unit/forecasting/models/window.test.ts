/**
 * Purpose: a network whose window is not a week: fitted, saved, served and explained like any
 * other.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explain } from '../../../../forecasting/models/network/explanation.ts';
import {
  type NetworkForecaster,
  networkForecaster,
  restoreNetwork,
  type SavedNetwork,
  saveNetwork,
} from '../../../../forecasting/models/network/forecaster.ts';
import { fitRidge, ridgeForecaster } from '../../../../forecasting/models/network/ridge.ts';
import type { FittedNetwork } from '../../../../forecasting/models/network/training.ts';
import { seededRandom } from '../../../../platform/random.ts';
import {
  changedAfter,
  lastOf,
  ONLINE_INTERVALS,
  panelDescription,
  panelOf,
  randomPanel,
  TRAINING_HISTORY,
  toySpec,
} from '../../../fixtures/random-panels.ts';
import { fitToy, startBackend } from '../../../fixtures/toy-network.ts';

const HORIZON = 6;
const LENGTH = ONLINE_INTERVALS + 50;
const LAST = LENGTH - 1;
const bits = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
const noise = seededRandom(3);
/** A wave whose phase drifts: what came before the last days says something. */
const wave = panelOf(
  ['s0', 's1'],
  TRAINING_HISTORY + 3 * 168,
  (s, t) => 3 + 2 * s + Math.sin((2 * Math.PI * t) / 24) + Math.sin(t / 90) + 0.3 * noise(),
);

describe.each([36, 336])('a window of %p intervals', (windowIntervals) => {
  let fitted: FittedNetwork;
  let network: NetworkForecaster;
  beforeAll(async () => {
    await startBackend();
    fitted = await fitToy(wave, { windowIntervals });
    network = networkForecaster(fitted);
  }, 60_000);

  test('adds its raw inputs to the network, and none to the linear model', () => {
    expect(fitted.scaling.windowMean).toHaveLength(windowIntervals + 48 + 4);
    const week = fitRidge(
      wave,
      { ...toySpec, horizon: 3 },
      wave.length - 1,
      { stride: 7 },
      seededRandom(1),
    );
    const other = fitRidge(
      wave,
      { ...week.spec, windowIntervals },
      wave.length - 1,
      { stride: 7 },
      seededRandom(1),
    );
    // The same columns, standardised by the same sample: the same model.
    expect(bits(other.coefficients)).toBe(bits(week.coefficients));
    const forecast = (ridge: typeof week) =>
      bits(ridgeForecaster(ridge).predict(wave, wave.length - 1, 3));
    expect(forecast(other)).toBe(forecast(week));
  });

  test('reads nothing after the cutoff and gives the same from the serving panel', () => {
    fc.assert(
      fc.property(
        panelDescription(LENGTH),
        fc.integer({ min: LENGTH - 40, max: LAST }),
        (description, cutoff) => {
          const panel = randomPanel(description);
          const whole = bits(network.predict(panel, cutoff, HORIZON));
          expect(
            bits(
              network.predict(
                changedAfter(panel, cutoff, () => 1e9),
                cutoff,
                HORIZON,
              ),
            ),
          ).toBe(whole);
          expect(bits(network.predict(lastOf(panel, ONLINE_INTERVALS), cutoff - 50, HORIZON))).toBe(
            whole,
          );
        },
      ),
      { numRuns: 5, seed: 1 },
    );
  });

  test('forecasts a history of one week as one with earlier weeks unknown', () => {
    const panel = randomPanel({
      seed: 4,
      series: 2,
      length: LENGTH,
      scale: 3,
      gapShare: 0,
      zeroShare: 0,
      negative: false,
    });
    const target = panel.columns.target.map((y, i) => (i % LENGTH < LENGTH - 168 ? Number.NaN : y));
    const blanked = { ...panel, columns: { target } };
    const forecast = network.predict(lastOf(panel, 168), 167, HORIZON);
    expect(bits(forecast)).toBe(bits(network.predict(blanked, LAST, HORIZON)));
    expect(forecast.every(Number.isFinite)).toBe(true);
  });

  test('gives the same bits after restoring and is refused under another window', () => {
    const panel = randomPanel({
      seed: 6,
      series: 2,
      length: LENGTH,
      scale: 3,
      gapShare: 0.05,
      zeroShare: 0,
      negative: false,
    });
    const { model, weights } = saveNetwork(fitted);
    const copy = JSON.parse(JSON.stringify(model)) as SavedNetwork;
    const restored = restoreNetwork(copy, weights);
    expect(bits(restored.predict(panel, LAST, HORIZON))).toBe(
      bits(network.predict(panel, LAST, HORIZON)),
    );
    for (const wrong of [undefined, 0, windowIntervals + 1, `${windowIntervals}`]) {
      const features = { ...copy.spec.features, windowIntervals: wrong };
      const foreign = JSON.parse(JSON.stringify({ ...copy, spec: { ...copy.spec, features } }));
      expect(() => restoreNetwork(foreign, weights)).toThrow(RangeError);
    }
  });

  test('has an explanation that sums to the forecast', () => {
    fc.assert(
      fc.property(panelDescription(LENGTH), (description) => {
        const panel = randomPanel(description);
        const { baseline, parts, forecast } = explain(network, panel, 0, LAST, HORIZON);
        expect(forecast).toEqual(
          [...network.predict(panel, LAST, HORIZON)].slice(HORIZON, 2 * HORIZON),
        );
        for (const [k, value] of forecast.entries()) {
          const terms = [baseline[k] as number, ...parts.map(({ values }) => values[k] as number)];
          const sum = terms.reduce((a, b) => a + b, 0);
          expect(Math.abs(sum - value)).toBeLessThanOrEqual(
            1e-12 * Math.max(...terms.map(Math.abs)),
          );
        }
      }),
      { numRuns: 5, seed: 2 },
    );
  });
});
