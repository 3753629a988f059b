/**
 * Purpose: inputs from the other series: the same bits however few series a panel holds, nothing of
 * the future, and less error where other series know something first.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { fitContext, withContext } from '../../../../forecasting/features/context.ts';
import {
  type NetworkForecaster,
  networkForecaster,
  restoreNetwork,
  saveNetwork,
} from '../../../../forecasting/models/network/forecaster.ts';
import { fitNetwork } from '../../../../forecasting/models/network/training.ts';
import {
  type WarmStart,
  warmStartFrom,
} from '../../../../forecasting/models/network/warm-start.ts';
import { onlySeries, type Panel, panelUpTo } from '../../../../forecasting/panel/panel.ts';
import { randomStreams, seededRandom } from '../../../../platform/random.ts';
import {
  changedAfter,
  lastOf,
  ONLINE_INTERVALS,
  panelOf,
  toySpec,
} from '../../../fixtures/random-panels.ts';
import { startBackend, toyFit, toyNetwork } from '../../../fixtures/toy-network.ts';

const HORIZON = 2;
const LENGTH = ONLINE_INTERVALS + 20;
const LAST = LENGTH - 1;
const IDS = ['leader', 'follower', 'other'];
const bits = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

/** What moves the leader moves the others an hour later. */
function following(): Panel {
  const random = seededRandom(5);
  const shocks = Array.from({ length: LENGTH + 1 }, () => 4 * (random() - 0.5));
  return panelOf(
    IDS,
    LENGTH,
    (s, t) => 10 + s + (shocks[s === 0 ? t + 1 : t] as number) + 0.1 * random(),
  );
}

const panel = following();
const lastTarget = LAST - 300;
const context = fitContext(panel, toySpec, lastTarget, 16);
const specOf = (known: boolean) => {
  const spec = { ...toyNetwork(IDS, HORIZON), width: 16, latentSize: 4, headWidth: 16 };
  const features = { ...spec.features, nonNegative: false, windowIntervals: 6 };
  return { ...spec, features: known && context ? { ...features, context } : features };
};
const options = { ...toyFit, steps: 80, batchSize: 64, stride: 23, dropout: 0, peakRate: 0.02 };

const fitted = (known: boolean, warmStart: WarmStart | null = null, steps = options.steps) =>
  fitNetwork(
    panelUpTo(panel, lastTarget),
    specOf(known),
    lastTarget,
    { ...options, steps },
    randomStreams(1),
    undefined,
    { warmStart },
  );

describe('a network with a context', () => {
  let network: NetworkForecaster;
  let saved: ReturnType<typeof saveNetwork>;
  beforeAll(async () => {
    await startBackend();
    saved = saveNetwork(await fitted(true));
    network = restoreNetwork(JSON.parse(JSON.stringify(saved.model)), saved.weights);
  }, 60_000);
  const row = (values: Float32Array, series: number) =>
    bits(values.slice(series * 3 * HORIZON, (series + 1) * 3 * HORIZON));

  test('forecasts a single series as within its panel, from long and short panels', () => {
    const whole = network.predict(panel, LAST, HORIZON);
    for (const long of [panel, lastOf(panel, ONLINE_INTERVALS)]) {
      const given = network.withContext?.(long) as Panel;
      const own = onlySeries(given, 1);
      expect(bits(network.predict(own, long.length - 1, HORIZON))).toBe(row(whole, 1));
    }
    // Without it the forecast is another: the test can see it.
    expect(bits(network.predict(onlySeries(panel, 1), LAST, HORIZON))).not.toBe(row(whole, 1));
  });

  test('reads nothing after the cutoff', () => {
    const cutoff = LAST - 40;
    const changed = changedAfter(panel, cutoff, () => 1e6);
    expect(bits(network.predict(changed, cutoff, HORIZON))).toBe(
      bits(network.predict(panel, cutoff, HORIZON)),
    );
  });

  test('forecasts an unknown series from that series alone', () => {
    const unknown = (of: Panel) => ({ ...of, seriesIds: ['leader', 'stranger', 'other'] });
    const target = Float32Array.from(panel.columns.target, (y, i) => (i < LENGTH ? 10 : y));
    const forecast = (of: Panel) => row(network.predict(unknown(of), LAST, HORIZON), 1);
    expect(forecast({ ...panel, columns: { target } })).toBe(forecast(panel));
  });

  test('errs less on a series that follows another one', async () => {
    const without = networkForecaster(await fitted(false));
    const errorOf = ({ predict }: NetworkForecaster) => {
      let sum = 0;
      for (let cutoff = lastTarget + 1; cutoff < LAST; cutoff += 5)
        sum += Math.abs(
          (predict(panel, cutoff, 1)[4] as number) -
            (panel.columns.target[LENGTH + cutoff + 1] as number),
        );
      return sum;
    };
    expect(errorOf(network)).toBeLessThan(errorOf(without));
  }, 60_000);

  test('keeps its components in a warm start', async () => {
    const own = await fitted(true, null, 3);
    const spec = specOf(true);
    const other = { seriesIds: IDS, weights: (context?.weights ?? []).map((w) => w.map(() => 1)) };
    const start = warmStartFrom(own, { ...spec, features: { ...spec.features, context: other } });
    expect(start).toMatchObject({ context: { seriesIds: IDS } });
    const next = await fitted(true, start as WarmStart, 3);
    expect(next.spec.features.context).toEqual(own.spec.features.context);
    expect(warmStartFrom(own, specOf(false))).toMatch(/components of the context/);
  });
});

describe('context components', () => {
  const random = seededRandom(8);
  const factor = Array.from({ length: 2000 }, () => random() - 0.5);
  const many = panelOf(
    Array.from({ length: 30 }, (_, s) => `s${s}`),
    2000,
    (s, t) => (1 + s) * (10 + (factor[t] as number) + 0.5 * (random() - 0.5)),
  );

  test('the first is the movement common to all series', () => {
    const found = fitContext(many, toySpec, 1999, 4);
    expect(found?.weights).toHaveLength(4);
    const scores = withContext(many, toySpec, found as NonNullable<typeof found>).context?.[0];
    const late = Array.from({ length: 500 }, (_, i) => 1500 + i);
    const correlation = (a: (t: number) => number, b: (t: number) => number) => {
      const sum = (of: (t: number) => number) => late.reduce((total, t) => total + of(t), 0);
      return sum((t) => a(t) * b(t)) / Math.sqrt(sum((t) => a(t) ** 2) * sum((t) => b(t) ** 2));
    };
    const shared = correlation(
      (t) => scores?.[t] as number,
      (t) =>
        (factor[t] as number) -
        [1, 2, 3, 4].reduce((mean, w) => mean + (factor[t - 168 * w] as number) / 4, 0),
    );
    expect(Math.abs(shared)).toBeGreaterThan(0.95);
  });

  test('are absent for a single series and for a count of 0', () => {
    expect(fitContext(onlySeries(many, 3), toySpec, 1999, 4)).toBeNull();
    expect(fitContext(many, toySpec, 1999, 0)).toBeNull();
  });

  test('do not depend on values after the last target', () => {
    const changed = changedAfter(many, 1500, () => 1e9);
    expect(fitContext(changed, toySpec, 1500, 4)).toEqual(fitContext(many, toySpec, 1500, 4));
  });
});
