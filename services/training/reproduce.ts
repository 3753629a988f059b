/**
 * Purpose: makes a model again from what its card names: the training set bit for bit, then the
 * weights.
 * Invariants: reads the store and changes nothing in it; the card and the model's own file decide
 * everything, no setting and no definition of today; a difference is reported with what explains
 * it, and "not compared" is never reported as "equal".
 * Fails: MODEL_NOT_FOUND, MODEL_CORRUPT, OBJECT_NOT_FOUND for a snapshot that is gone,
 * STORE_CORRUPT with the key.
 */

import type { Calibration } from '../../forecasting/models/calibration/calibration.ts';
import { restoreTrained, saveNetwork } from '../../forecasting/models/network/forecaster.ts';
import type { NetworkSpec, TrainedNetwork } from '../../forecasting/models/network/network.ts';
import { type WarmStart, warmStartFrom } from '../../forecasting/models/network/warm-start.ts';
import { indexAt, type Panel } from '../../forecasting/panel/panel.ts';
import { describeError, isHeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import type { Progress } from '../../platform/progress.ts';
import {
  type BuildEnvironment,
  buildEnvironment,
} from '../../platform/tensorflow/build-environment.ts';
import type { FeatureStore } from '../../storage/features/feature-store.ts';
import { hashPanel } from '../../storage/features/panel-hash.ts';
import type { LoadedModel, ModelCard } from '../../storage/models/model-card.ts';
import type { ModelRegistry } from '../../storage/models/model-registry.ts';
import { fitUpTo } from './evaluation.ts';
import { type CarriedConfig, carriedCalibration } from './refit.ts';
import { defaultTrainingConfig, type TrainingConfig } from './training-config.ts';
import type { Workers } from './workers/members.ts';

export interface ReproductionRequest {
  readonly features: Pick<FeatureStore, 'readSample'>;
  readonly registry: Pick<ModelRegistry, 'load'>;
  readonly modelVersion: string;
  /** Compare the training set, and fit nothing. */
  readonly panelOnly?: boolean;
  /**
   * Starts the backend that the card names, and gives the processes to fit in, if any. Rejects with
   * BACKEND_UNAVAILABLE.
   */
  startBackend(name: string): Promise<Workers | null>;
  readonly progress: Progress;
}

export interface TrainingSetCheck {
  readonly equal: boolean;
  /** The panel's hash that the card names, and the one of the panel that was read. */
  readonly expected: string;
  readonly found: string;
  readonly series: number;
  readonly intervals: number;
}

export interface WeightsCheck {
  readonly outcome: 'equal' | 'different' | 'not compared';
  readonly expected: string;
  /** null where nothing was fitted. */
  readonly found: string | null;
  /** Whether scaling and calibration (model.json) are the same too. */
  readonly restEqual: boolean | null;
  /** Why they differ or were not compared; null where they are equal. */
  readonly why: string | null;
}

export interface Reproduction {
  readonly card: ModelCard;
  readonly trainingSet: TrainingSetCheck;
  /** null where only the training set was asked for, or is another. */
  readonly weights: WeightsCheck | null;
}

export async function reproduce(request: ReproductionRequest): Promise<Reproduction> {
  const { features, registry, modelVersion, panelOnly = false } = request;
  const loaded = await registry.load(modelVersion);
  const { card } = loaded;
  const { snapshotVersion, knownAt } = card;
  // Models of earlier versions learnt from all series.
  const { maxValues = Number.POSITIVE_INFINITY } = card.config as Partial<TrainingConfig>;
  const { panel } = await features.readSample({
    ...{ snapshotVersion, maxValues },
    ...(knownAt === null ? {} : { knownAt }),
  });
  const found = hashPanel(panel);
  const trainingSet = {
    ...{ equal: found === card.panelHash, expected: card.panelHash, found },
    ...{ series: panel.seriesIds.length, intervals: panel.length },
  };
  const weights = trainingSet.equal && !panelOnly ? await fitAgain(request, loaded, panel) : null;
  return { card, trainingSet, weights };
}

/** What a fit needs in addition to the panel; or a clause that says what is missing. */
interface Recipe {
  readonly spec: NetworkSpec;
  readonly lastTarget: number;
  readonly config: Pick<TrainingConfig, 'fit'>;
  readonly warmStart: WarmStart | null;
  /** Of the twin that a refit took it from. */
  readonly calibration?: Calibration | null;
  readonly workers: Workers | null;
}

async function fitAgain(
  request: ReproductionRequest,
  loaded: LoadedModel,
  panel: Panel,
): Promise<WeightsCheck> {
  const { card } = loaded;
  const expected = card.files['weights.bin'].sha256;
  const recipe = await recipeOf(request, loaded, panel);
  if (typeof recipe === 'string')
    return { outcome: 'not compared', expected, found: null, restEqual: null, why: recipe };
  const { spec, lastTarget, ...rest } = recipe;
  const fitted = await fitUpTo(
    { panel, seed: card.seed, progress: request.progress, ...rest },
    spec,
    lastTarget,
  );
  const { model, weights } = saveNetwork(fitted);
  const found = sha256(weights);
  const restEqual = sha256(JSON.stringify(model)) === card.files['model.json'].sha256;
  if (found === expected && restEqual)
    return { outcome: 'equal', expected, found, restEqual, why: null };
  return {
    outcome: 'different',
    expected,
    found,
    restEqual,
    why: whyDifferent(card.madeWith, buildEnvironment()),
  };
}

async function recipeOf(
  { registry, startBackend }: ReproductionRequest,
  { card, model, weights }: LoadedModel,
  panel: Panel,
): Promise<Recipe | string> {
  if (card.forecaster !== 'network')
    return `it is of the kind ${card.forecaster}, which this version of Headway does not fit`;
  const fit = (card.config.fit ?? {}) as Partial<TrainingConfig['fit']>;
  const unsaid = Object.keys(defaultTrainingConfig.fit).filter((name) => !(name in fit));
  if (unsaid.length > 0) return `its card does not say ${unsaid.join(', ')}`;
  const lastTarget = indexAt(panel, card.trainingCutoff);
  if (!Number.isInteger(lastTarget) || lastTarget < 0 || lastTarget >= panel.length)
    return 'the training cutoff on its card lies outside its training set';
  try {
    const { spec } = restoreTrained(model, weights);
    const warmStart = await startOf(registry, card, spec);
    if (typeof warmStart === 'string') return warmStart;
    const twin = card.refit === null ? null : await twinOf(registry, card.refit.twin);
    if (typeof twin === 'string') return twin;
    const workers = await startBackend(card.backend);
    const config = { fit: fit as TrainingConfig['fit'] };
    const recipe = { spec, lastTarget, config, warmStart, workers };
    if (twin === null) return recipe;
    // Refits of earlier versions carry the calibration of their twin as it is.
    const said = { followsCoverage: false, ...card.config } as unknown as CarriedConfig;
    return { ...recipe, calibration: carriedCalibration(twin, panel, said).calibration };
  } catch (error) {
    // A model of another format, and a backend that is not here: both are reported, neither is a
    // fault of the store.
    if (error instanceof RangeError) return error.message;
    if (isHeadwayError(error, 'BACKEND_UNAVAILABLE'))
      return `its backend, ${card.backend}, does not run here: ${error.message}`;
    throw error;
  }
}

/**
 * The start of a fit that started from another model; null of one that started cold; a clause where
 * the other cannot be used.
 */
async function startOf(
  registry: Pick<ModelRegistry, 'load'>,
  { config }: ModelCard,
  spec: NetworkSpec,
): Promise<WarmStart | string | null> {
  const named = config.warmStart;
  if (named === undefined) return null;
  if (typeof named !== 'string') return 'its card does not say which model it started from';
  try {
    const { model, weights } = await registry.load(named);
    const start = warmStartFrom(restoreTrained(model, weights), spec);
    return typeof start === 'string' ? `it started from ${named}, and now cannot: ${start}` : start;
  } catch (error) {
    const isGone =
      isHeadwayError(error, 'MODEL_NOT_FOUND') || isHeadwayError(error, 'MODEL_CORRUPT');
    if (!isGone && !(error instanceof RangeError)) throw error;
    return `it started from ${named}, which cannot be used: ${describeError(error)}`;
  }
}

/** The network that a refit has its calibration from; a clause where it cannot be used. */
async function twinOf(
  registry: Pick<ModelRegistry, 'load'>,
  named: string,
): Promise<TrainedNetwork | string> {
  try {
    const { model, weights } = await registry.load(named);
    return restoreTrained(model, weights);
  } catch (error) {
    return `its calibration is that of ${named}, which cannot be used: ${describeError(error)}`;
  }
}

const NAMES: Readonly<Record<keyof BuildEnvironment, string>> = {
  node: 'Node',
  tensorflow: 'TensorFlow.js',
  timeZones: 'the time-zone database',
  platform: 'the machine',
};

/** One clause: what of the environment is another than when the model was made. */
export function whyDifferent(then: BuildEnvironment | null, now: BuildEnvironment): string {
  if (then === null)
    return 'its card does not say its Node and TensorFlow.js versions, which may differ';
  const others = (Object.keys(NAMES) as (keyof BuildEnvironment)[]).filter(
    (name) => then[name] !== now[name],
  );
  if (others.length === 0)
    return (
      'nothing that its card names differs: the code of Headway has changed since, or computes ' +
      'differently here'
    );
  const changes = others.map((name) => `${NAMES[name]} was ${then[name]}, is ${now[name]}`);
  return `it was built in another environment: ${changes.join('; ')}`;
}
