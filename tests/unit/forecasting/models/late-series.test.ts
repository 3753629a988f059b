/**
 * Purpose: a series that begins late, or jumps from next to nothing, does not ruin the network of
 * the others; where nothing can be learnt from, the fit is refused.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { networkForecaster } from '../../../../forecasting/models/network/forecaster.ts';
import { fitRidge } from '../../../../forecasting/models/network/ridge.ts';
import type { FittedNetwork } from '../../../../forecasting/models/network/training.ts';
import { warmStartFrom } from '../../../../forecasting/models/network/warm-start.ts';
import { type Panel, targetOf } from '../../../../forecasting/panel/panel.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { fitUpTo } from '../../../../services/training/evaluation.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';
import { fitToy, startBackend, toyFit, toyNetwork } from '../../../fixtures/toy-network.ts';

const LENGTH = 168 * 14;
const HORIZON = 6;
const IDS = ['old', 'late'];
const noise = Float32Array.from({ length: LENGTH }, seededRandom(7));
const wave = (t: number): number =>
  1000 + 300 * Math.sin((2 * Math.PI * t) / 24) + 100 * (noise[t] as number);
/** The second series holds `before` up to interval `first`, and the wave from there on. */
const beginningAt = (first: number, before: number): Panel =>
  panelOf(IDS, LENGTH, (s, t) => (s === 1 && t < first ? before : wave(t)));

const whole = beginningAt(0, Number.NaN);
const late = beginningAt(168 * 12, Number.NaN);
const SEEDS = [1, 2, 3, 4].slice(0, 4);
const fitHourly = (panel: Panel, seed = 1) =>
  fitToy(panel, { seed, steps: 40, stride: 1, calibrationIntervals: 168 });

/** Share of the first series' last week between the outermost quantiles, and their mean width. */
function intervalsOf(fitted: FittedNetwork, panel: Panel) {
  const forecaster = networkForecaster(fitted);
  const actuals = targetOf(panel, 0);
  let [inside, width, count] = [0, 0, 0];
  for (let cutoff = LENGTH - 168; cutoff < LENGTH - HORIZON; cutoff += HORIZON) {
    const values = forecaster.predict(panel, cutoff, HORIZON);
    for (let k = 0; k < HORIZON; k++) {
      const [low, high] = [values[k] as number, values[2 * HORIZON + k] as number];
      const actual = actuals[cutoff + 1 + k] as number;
      if (actual >= low && actual <= high) inside++;
      width += high - low;
      count++;
    }
  }
  return { coverage: inside / count, width: width / count };
}

beforeAll(async () => {
  await startBackend();
});

test('windows before the first value neither scale nor train, for any seed', async () => {
  const expected = (await fitHourly(whole)).scaling.outputScale;
  for (const seed of SEEDS) {
    const fitted = await fitHourly(late, seed);
    // Windows just after its birth, whose shape of the week is not known yet, widen it a little.
    expect(fitted.scaling.outputScale / expected).toBeGreaterThan(0.8);
    expect(fitted.scaling.outputScale / expected).toBeLessThan(3);
    const { coverage, width } = intervalsOf(fitted, late);
    expect(width).toBeLessThan(400);
    expect(coverage).toBeGreaterThan(0.5);
    expect(coverage).toBeLessThan(1);
    // The late series adds the windows of its last two weeks, not those before its birth.
    const old = fitted.windows - (168 * 2 - HORIZON);
    expect(Math.abs(old - (LENGTH - HORIZON - (8 * 168 + 24 - 1)))).toBeLessThan(30);
  }
});

test('the ridge is fitted on the same windows', () => {
  const spec = toyNetwork(IDS, HORIZON).features;
  const ridge = fitRidge(late, spec, LENGTH - 1, { stride: 1 }, seededRandom(1));
  const alone = fitRidge(whole, spec, LENGTH - 1, { stride: 1 }, seededRandom(1));
  expect(ridge.scaling.outputScale / alone.scaling.outputScale).toBeLessThan(3);
  expect(ridge.windows).toBeLessThan(0.7 * alone.windows);
});

test('zeros before a jump do not determine the scale', async () => {
  for (const seed of SEEDS) {
    const { scaling } = await fitHourly(beginningAt(168 * 12, 0), seed);
    expect(scaling.outputScale).toBeLessThan(1);
  }
});

test.each<[string, (t: number) => number, string, RegExp]>([
  [
    'known history',
    (t) => (t < LENGTH - 10 ? Number.NaN : wave(t)),
    'HISTORY_TOO_SHORT',
    /no training window holds enough known values/,
  ],
  ['a plausible scale', (t) => 10 ** (t / 72), 'PANEL_INVALID', /from what the weeks before say/],
])('a panel without %s is refused', async (_title, valueAt, code, message) => {
  const panel = panelOf(IDS, LENGTH, (_, t) => valueAt(t));
  const request = { panel, seed: 1, progress: silentProgress, config: { fit: toyFit } };
  await expect(fitUpTo(request, toyNetwork(IDS), LENGTH - 1)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
    fix: expect.any(String),
  });
});

test('refuses a warm start from a network with an implausible scale', async () => {
  const fitted = await fitHourly(whole);
  const ruined = { ...fitted, scaling: { ...fitted.scaling, outputScale: 380 } };
  expect(warmStartFrom(ruined, fitted.spec)).toMatch(/output scale is 380/);
  expect(warmStartFrom(fitted, fitted.spec)).toMatchObject({ scaling: fitted.scaling });
});
