/**
 * Purpose: a fitted network as a Forecaster, and its form on disk: model.json (architecture and
 * scaling) and weights.bin.
 * Invariants: prediction builds its inputs with the same function as training; restoring what was
 * saved gives the same bits; forecasts are finite, ordered by quantile, and not negative where the
 * target cannot be.
 * Fails: a RangeError for a model or weights that do not fit together.
 */
import * as tf from '@tensorflow/tfjs-core';
import { withContext } from '../../features/context.ts';
import {
  type ContextInputs,
  FEATURE_GROUPS,
  type FeatureGroup,
  type FeatureSpec,
  featureGroups,
  featureSizes,
} from '../../features/feature-spec.ts';
import type { Panel } from '../../panel/panel.ts';
import type { Calibration } from '../calibration/calibration.ts';
import type { Calibrated, ForecastParts } from '../calibration/observations.ts';
import type { CutPanel, Forecaster } from '../forecaster.ts';
import { embeddingRows, keepGroups, rowsById } from './input-scaling.ts';
import { type NetworkSpec, parameterCount, type TrainedNetwork, toTensors } from './network.ts';
import { CHUNK, NetworkPass } from './network-pass.ts';
import { linearColumns } from './ridge.ts';
import { windowSources } from './window-source.ts';

const FORMAT = 3;

export interface SavedNetwork {
  readonly format: typeof FORMAT;
  readonly kind: 'network';
  readonly spec: NetworkSpec;
  /** How many networks lie one after another in weights.bin; their outputs are averaged. */
  readonly members: number;
  /** Whether the coefficients of a linear model lie behind them. */
  readonly linear: boolean;
  readonly scaling: {
    windowMean: number[];
    windowScale: number[];
    stepMean: number[];
    stepScale: number[];
    outputScale: number;
  };
  readonly calibration: Calibration | null;
}

/**
 * A network can also say what it would forecast without some of its inputs: what an explanation is
 * made of.
 */
export interface NetworkForecaster extends Forecaster {
  /** The groups that its inputs fall into. */
  readonly inputGroups: readonly FeatureGroup[];
  /** Intervals up to and including the cutoff that it looks at, where there are as many. */
  readonly lookBack: number;
  /**
   * The median of one series (its row in the panel) with only the groups of inputs in each set of
   * `kept`; the others are put at their training mean, and the embedding at that of an unknown
   * series. One pass for all sets.
   * @returns `medians` [set][step], in the target's unit, neither rounded nor cut off at 0;
   * `baseline` [step], the shape of the week at the series' level, which the network's outputs are
   * offsets to.
   */
  predictStored(
    panel: Panel,
    series: number,
    cutoff: number,
    horizon: number,
    kept: readonly ReadonlySet<FeatureGroup>[],
  ): { baseline: Float32Array; medians: Float32Array };
}

export function saveNetwork(fitted: TrainedNetwork): {
  model: SavedNetwork;
  weights: Uint8Array;
} {
  const { scaling } = fitted;
  const model: SavedNetwork = {
    format: FORMAT,
    kind: 'network',
    spec: fitted.spec,
    members: fitted.members.length,
    linear: fitted.linear !== null,
    scaling: {
      windowMean: [...scaling.windowMean],
      windowScale: [...scaling.windowScale],
      stepMean: [...scaling.stepMean],
      stepScale: [...scaling.stepScale],
      outputScale: scaling.outputScale,
    },
    calibration: fitted.calibration,
  };
  const parts = [...fitted.members, ...(fitted.linear ? [fitted.linear] : [])];
  const weights = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    weights.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return { model, weights };
}

/** The Forecaster that `saveNetwork` saved. */
export const restoreNetwork = (model: unknown, weights: Uint8Array): NetworkForecaster =>
  networkForecaster(restoreTrained(model, weights));

/** What `saveNetwork` saved: to go on training from. */
export function restoreTrained(model: unknown, weights: Uint8Array): TrainedNetwork {
  const { spec, scaling, calibration, members, linear } = checkSaved(
    model as Partial<SavedNetwork> | null,
  );
  const size = parameterCount(spec);
  const needed =
    4 * (members * size + (linear ? spec.features.horizon * linearColumns(spec.features) : 0));
  if (weights.byteLength !== needed) {
    throw new RangeError(
      `weights.bin has ${weights.byteLength} bytes, the architecture needs ${needed}`,
    );
  }
  // A copy of its own: `slice` of a Buffer, which weights from another process are, would share the
  // memory of its pool.
  const values = new Float32Array(new Uint8Array(weights).buffer);
  if (!values.every(Number.isFinite))
    throw new RangeError('weights.bin holds values that are not numbers');
  const arrays = {
    windowMean: Float32Array.from(scaling.windowMean),
    windowScale: Float32Array.from(scaling.windowScale),
    stepMean: Float32Array.from(scaling.stepMean),
    stepScale: Float32Array.from(scaling.stepScale),
  };
  const split = Array.from({ length: members }, (_, member) =>
    values.subarray(member * size, (member + 1) * size),
  );
  const rest = linear ? values.subarray(members * size) : null;
  return {
    spec,
    scaling: { ...arrays, outputScale: scaling.outputScale },
    members: split,
    linear: rest,
    calibration,
  };
}

function checkSaved(saved: Partial<SavedNetwork> | null): SavedNetwork {
  if (saved?.format !== FORMAT || saved.kind !== 'network')
    throw new RangeError(`model.json is not a network of format ${FORMAT}`);
  const { spec, scaling, members } = saved;
  if (!Number.isInteger(members) || (members as number) < 1)
    throw new RangeError('model.json names no members');
  if (!spec?.features || !Array.isArray(spec.seriesIds))
    throw new RangeError('model.json holds no architecture');
  if (!spec.quantiles?.includes(0.5))
    throw new RangeError('model.json names no median among its quantiles');
  const { windowSize, stepSize } = featureSizes(spec.features);
  const hasSize = (values: unknown, size: number) =>
    Array.isArray(values) && values.length === size && values.every(Number.isFinite);
  const isWhole =
    hasSize(scaling?.windowMean, windowSize) &&
    hasSize(scaling?.windowScale, windowSize) &&
    hasSize(scaling?.stepMean, stepSize) &&
    hasSize(scaling?.stepScale, stepSize) &&
    Number.isFinite(scaling?.outputScale);
  if (!isWhole)
    throw new RangeError(
      'the model was built for other features than this version of Headway computes; train again',
    );
  return { ...saved, calibration: saved.calibration ?? null } as SavedNetwork;
}

export function networkForecaster(trained: TrainedNetwork): NetworkForecaster {
  const { spec } = trained;
  const inputs = passOf(trained);
  const { pass, windowSource, rowOf } = inputs;
  const groups = featureGroups(spec.features);

  const predict = (
    panel: Panel,
    cutoff: number,
    horizon: number,
    mean?: Float32Array,
  ): Float32Array => predictEach([{ panel, cutoff }], horizon, mean && [mean])[0] as Float32Array;

  const predictEach = (
    windows: readonly CutPanel[],
    horizon: number,
    means: readonly Float32Array[] = [],
  ): Float32Array[] =>
    predictWindows(
      inputs,
      windows.map((window, n) => ({ ...window, mean: means[n] })),
      horizon,
    );

  function predictStored(
    panel: Panel,
    series: number,
    cutoff: number,
    horizon: number,
    kept: readonly ReadonlySet<FeatureGroup>[],
  ): { baseline: Float32Array; medians: Float32Array } {
    if (kept.length < 1 || kept.length > CHUNK)
      throw new RangeError(`${kept.length} sets of groups are not 1…${CHUNK}`);
    const { source, at } = windowSource(panel, cutoff, horizon);
    const known = embeddingRows(spec, panel, rowOf)[series] as number;
    pass.write(source, series, at, 0, known);
    return mediansOfFirstRow(pass, trained, known, horizon, kept);
  }

  const inputGroups = FEATURE_GROUPS.filter(
    (group) => group === 'series' || [...groups.window, ...groups.step].includes(group),
  );
  const { exogenous, context, week } = spec.features;
  const { dependence } = trained.calibration ?? {};
  const namesOf = (inputs: readonly { name: string }[]) => inputs.map(({ name }) => name);
  return {
    name: 'network',
    quantiles: spec.quantiles,
    minimumHistory: week,
    inputGroups,
    lookBack: pass.sizes.historyIntervals,
    predict,
    predictEach,
    predictStored,
    knows: (seriesId) => rowOf.has(seriesId),
    ...(dependence === undefined ? {} : { dependence }),
    ...(context ? contextOf(spec.features, context) : {}),
    ...(exogenous
      ? { exogenous: { past: namesOf(exogenous.past), future: namesOf(exogenous.future) } }
      : {}),
  };
}

/** A network without calibration, with the points that a calibration chooses the median among. */
export function networkParts(trained: TrainedNetwork): Calibrated {
  const { spec, linear } = trained;
  const { context } = spec.features;
  const inputs = passOf(trained);
  return {
    ...{ quantiles: spec.quantiles, hasLinear: linear !== null },
    ...(context ? contextOf(spec.features, context) : {}),
    predictParts(panel, cutoff, horizon) {
      const unknown = () => new Float32Array(panel.seriesIds.length * horizon);
      const points = { anchor: unknown(), linear: unknown() };
      const [forecast] = predictWindows(inputs, [{ panel, cutoff, points }], horizon);
      return { forecast: forecast as Float32Array, ...points };
    },
  };
}

/** What the predictions of one network share. */
interface PassInputs {
  readonly trained: TrainedNetwork;
  readonly pass: NetworkPass;
  readonly windowSource: ReturnType<typeof windowSources>;
  readonly rowOf: ReadonlyMap<string, number>;
}

const passOf = (trained: TrainedNetwork): PassInputs => ({
  trained,
  pass: new NetworkPass(trained),
  windowSource: windowSources(trained.spec.features),
  rowOf: rowsById(trained.spec),
});

/** A panel to forecast, and what is written besides its quantiles. */
interface PassWindow extends CutPanel {
  readonly mean?: Float32Array | undefined;
  readonly points?: Pick<ForecastParts, 'anchor' | 'linear'>;
}

/** The rows of all panels in one batch: the fixed cost of a pass is paid once. */
function predictWindows(
  { trained: { spec, members }, pass, windowSource, rowOf }: PassInputs,
  windows: readonly PassWindow[],
  horizon: number,
): Float32Array[] {
  const outs = windows.map(({ panel, mean, points }) => ({
    out: new Float32Array(panel.seriesIds.length * spec.quantiles.length * horizon),
    ...{ mean, points },
  }));
  const parameters = members.map((weights) => toTensors(spec, weights));
  const filled: (readonly [out: (typeof outs)[number], series: number])[] = [];
  const run = () => {
    const offsets = pass.run(filled.length, parameters);
    for (const [row, [out, series]] of filled.entries()) {
      pass.writeForecast(out, series, horizon, offsets, row);
      if (out.points) pass.writePoints(out.points, series, horizon, offsets, row);
    }
    filled.length = 0;
  };
  try {
    for (const [n, { panel, cutoff }] of windows.entries()) {
      const { source, at } = windowSource(panel, cutoff, horizon);
      const embedding = embeddingRows(spec, panel, rowOf);
      for (let series = 0; series < panel.seriesIds.length; series++) {
        const row = filled.length;
        pass.write(source, series, at, row, embedding[series] as number);
        filled.push([outs[n] as (typeof outs)[number], series]);
        if (filled.length === CHUNK) run();
      }
    }
    if (filled.length > 0) run();
  } finally {
    tf.dispose(parameters);
  }
  return outs.map(({ out }) => out);
}

const contextOf = (features: FeatureSpec, context: ContextInputs) => ({
  withContext: (panel: Panel) => withContext(panel, features, context),
  contextSeries: context.seriesIds,
});

/** The medians of the window in the pass's first row with only the kept groups of its inputs. */
function mediansOfFirstRow(
  pass: NetworkPass,
  { spec, members }: TrainedNetwork,
  known: number,
  horizon: number,
  kept: readonly ReadonlySet<FeatureGroup>[],
): { baseline: Float32Array; medians: Float32Array } {
  const groups = featureGroups(spec.features);
  const { batch } = pass;
  pass.repeatFirst(kept.length);
  for (const [row, groupsPresent] of kept.entries()) {
    keepGroups(batch, row, groups, groupsPresent);
    pass.setEmbedding(row, groupsPresent.has('series') ? known : spec.seriesIds.length);
  }
  const parameters = members.map((weights) => toTensors(spec, weights));
  const offsets = pass.run(kept.length, parameters);
  tf.dispose(parameters);
  const level = batch.level[0] as number;
  const baseline = Float32Array.from(
    { length: horizon },
    (_, k) => level * (batch.base[k] as number),
  );
  const medians = Float32Array.from({ length: kept.length * horizon }, (_, i) => {
    const [row, k] = [Math.floor(i / horizon), i % horizon];
    return pass.centerOf(offsets, row, k);
  });
  return { baseline, medians };
}
