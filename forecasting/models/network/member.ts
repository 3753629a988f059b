/**
 * Purpose: learn the weights of one network: draw windows, step AdamW along a one-cycle rate, keep
 * checkpoints. Two passes: the first over the windows that end before the calibration span, so that
 * the span can calibrate the intervals and decide when to stop; the second, at a small rate, over
 * all windows, because the latest ones are the most useful.
 * Invariants: no window's target reaches past `lastTarget`; the same job, streams and backend give
 * the same weights, whether or not it was interrupted and resumed from a checkpoint; batches reuse
 * their arrays.
 * Fails: a RangeError where the panel holds no complete training window, or a checkpoint that is
 * not of this job; an UnlearnableError where no window has enough known history.
 */
import { createFeatureSource, type FeatureSource } from '../../features/feature-source.ts';
import { drawHistory, isLearnable } from '../../features/training-history.ts';
import type { Panel } from '../../panel/panel.ts';
import { type AdamWState, createAdamW, oneCycleRate } from './adamw.ts';
import { decayOf, initialWeights, lossOf, trainStep } from './gradient-step.ts';
import { dropContext, embeddingRows } from './input-scaling.ts';
import { type InputScaling, type NetworkSpec, parameterCount } from './network.ts';
import {
  createTrainingBatch,
  fillRow,
  lossWeights,
  shuffle,
  type TrainingBatch,
  trainingCutoffs,
  trainingWindows,
} from './training-batch.ts';

const STEPS_PER_REPORT = 20;
/** Fewer steps learn too little, however few windows there are. */
const MIN_STEPS = 250;
const STEPS_PER_CHECKPOINT = 100;
/** The second pass starts at this share of the peak rate. */
const TUNE_RATE = 0.15;
/** Intervals between the cutoffs that calibrate, coprime with the day; 1 where a day is one. */
const CALIBRATION_STRIDE = 5;
/** Share of the windows with a shortened history that have the embedding of an unknown series. */
const NEW_SERIES = 0.5;
/**
 * How often in the first pass, and on how many windows, the loss on the calibration span is taken.
 */
const VALIDATIONS = 20;
const VALIDATION_WINDOWS = 512;

/** Named, independent sequences of uniform draws from [0, 1): the only source of randomness. */
export type RandomStreams = (name: string, index?: number) => () => number;

export interface FitOptions {
  /** Networks that are fitted with seeds of their own and averaged. */
  readonly members: number;
  /**
   * Windows start every `stride` intervals; coprime with the day, so that every hour meets every
   * step.
   */
  readonly stride: number;
  /** Batches to learn from at most. */
  readonly steps: number;
  /**
   * With few windows there are fewer steps: each window is learnt from about so often, but no fewer
   * than MIN_STEPS are made. Absent: `steps` are made, whatever the number of windows.
   */
  readonly maxPasses?: number;
  readonly batchSize: number;
  readonly peakRate: number;
  readonly weightDecay: number;
  readonly dropout: number;
  /**
   * Share of windows shown under the embedding of an unknown series and without context, so that
   * such a series gets a plausible forecast.
   */
  readonly anonymous: number;
  /**
   * A series' weight in the loss is level^levelPower (in units of the level): 1 serves real units
   * alone, 0 relative ones.
   */
  readonly levelPower: number;
  /**
   * Intervals before the end that are held out of the first pass, to calibrate the quantiles on.
   */
  readonly calibrationIntervals: number;
  /** Share of the steps in the second pass, which learns from all windows at a small rate. */
  readonly tuneShare: number;
  /**
   * The first pass ends early after this share of its steps without a better loss on the
   * calibration span; 1 never does.
   */
  readonly patience: number;
}

export interface FitProgress {
  readonly step: number;
  readonly steps: number;
  /** Mean pinball loss of the last steps, in units of the output scale. */
  readonly loss: number;
  readonly rate: number;
}

/**
 * Everything that decides a member's weights except its random streams. Copyable to another
 * process.
 */
export interface MemberJob {
  readonly panel: Panel;
  readonly spec: NetworkSpec;
  readonly scaling: InputScaling;
  /** Grid index of the last target the member may learn from. */
  readonly lastTarget: number;
  readonly options: FitOptions;
  /** Weights to start from; null: random ones. */
  readonly initial: Float32Array | null;
}

export interface MemberWeights {
  /**
   * After the first pass: these have not learnt from the calibration span. null if nothing was held
   * out.
   */
  readonly early: Float32Array | null;
  readonly final: Float32Array;
}

/** The state of a fit after `step` steps: enough to continue bit for bit. */
export interface Checkpoint {
  readonly step: number;
  readonly weights: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly optimizerSteps: number;
  readonly skipped: number;
  readonly early: Float32Array | null;
  readonly best: Float32Array | null;
  readonly bestLoss: number;
  readonly bestStep: number;
}

export interface FitHooks {
  /** May be asynchronous: it is awaited, so that the caller can draw or stop. */
  readonly onProgress?: (progress: FitProgress) => void | Promise<void>;
  readonly resumeFrom?: Checkpoint | null;
  /** Called every `stepsPerCheckpoint` steps, 100 by default. The arrays are copies. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void | Promise<void>;
  readonly stepsPerCheckpoint?: number;
}

/** The windows a member learns from, and those it is calibrated on. */
export interface FitPlan {
  /** Training cutoffs, ascending; of these the first `early` do not touch the calibration span. */
  readonly cutoffs: Int32Array;
  readonly early: number;
  /** As `trainingWindows` gives them; of these the first `earlyWindows` are at early cutoffs. */
  readonly windows: Uint32Array;
  readonly earlyWindows: number;
  /**
   * Cutoffs whose targets are held out of the first pass; empty where too little would be left to
   * learn from.
   */
  readonly heldOut: readonly number[];
  /** Of both passes, and of the first. */
  readonly steps: number;
  readonly firstSteps: number;
}

export function fitPlan(source: FeatureSource, lastTarget: number, options: FitOptions): FitPlan {
  const { horizon } = source.spec;
  const cutoffs = trainingCutoffs(source, lastTarget, options.stride);
  const heldOut = calibrationCutoffs(source, lastTarget, options.calibrationIntervals);
  const early =
    cutoffs.findLastIndex((cutoff) => cutoff + horizon <= (heldOut[0] ?? lastTarget)) + 1;
  const windows = trainingWindows(source, cutoffs);
  const end = early * source.panel.seriesIds.length;
  const earlyWindows = windows.findLastIndex((window) => window < end) + 1;
  const steps = stepsFor(windows.length, options);
  if (heldOut.length === 0 || early * 2 < cutoffs.length || earlyWindows === 0) {
    return {
      cutoffs,
      early: cutoffs.length,
      windows,
      earlyWindows: windows.length,
      heldOut: [],
      steps,
      firstSteps: steps,
    };
  }
  return {
    cutoffs,
    early,
    windows,
    earlyWindows,
    heldOut,
    steps,
    firstSteps: Math.max(1, Math.round(steps * (1 - options.tuneShare))),
  };
}

/** A network that sees few windows very often knows them by heart: its intervals are too narrow. */
function stepsFor(windows: number, { steps, batchSize, maxPasses }: FitOptions): number {
  if (maxPasses === undefined) return steps;
  const enough = Math.ceil((maxPasses * windows) / Math.min(batchSize, windows));
  return Math.min(steps, Math.max(MIN_STEPS, enough));
}

/**
 * Cutoffs whose targets lie in the last `intervals` up to `lastTarget`, coprime with the day apart.
 */
export function calibrationCutoffs(
  source: Pick<FeatureSource, 'panel' | 'spec' | 'sizes'>,
  lastTarget: number,
  intervals: number,
): number[] {
  const cutoffs: number[] = [];
  const last = Math.min(lastTarget, source.panel.length - 1) - source.spec.horizon;
  const first = Math.max(last - intervals, source.sizes.trainingHistory - 1);
  const stride = source.spec.day > 1 ? CALIBRATION_STRIDE : 1;
  for (let cutoff = first; cutoff <= last; cutoff += stride) cutoffs.push(cutoff);
  return cutoffs;
}

export async function fitMember(
  job: MemberJob,
  streams: RandomStreams,
  hooks: FitHooks = {},
): Promise<MemberWeights> {
  const { panel, spec, scaling, lastTarget, options } = job;
  const source = createFeatureSource(panel, spec.features);
  const plan = fitPlan(source, lastTarget, options);
  const seriesCount = panel.seriesIds.length;
  const batchSize = Math.min(options.batchSize, plan.windows.length);
  const batch = createTrainingBatch(source, batchSize);
  const embeddingRow = embeddingRows(spec, panel);
  const decay = decayOf(spec, options.weightDecay);
  const weightOf = lossWeights(source, plan.cutoffs, options.levelPower);
  const validation = validationBatch(source, plan, job, streams, weightOf);
  const { state, ...progress } = resumed(job, streams, hooks.resumeFrom ?? null);
  let { step, early, best, bestLoss, bestStep } = progress;
  const passes = passOrder(plan, batchSize, streams);
  let lossSum = 0;
  let lossCount = 0;

  while (step < plan.steps) {
    const first = step < plan.firstSteps;
    const position = first ? step : step - plan.firstSteps;
    const random = streams('step', step);
    const windows = passes(first, position);
    for (const [row, index] of windows.entries()) {
      const series = index % seriesCount;
      const cutoff = plan.cutoffs[(index / seriesCount) | 0] as number;
      const history = drawHistory(source, series, cutoff, random);
      fillRow(source, batch, row, series, cutoff, scaling, weightOf(series), history);
      // A series with a short history is usually one that nothing was learnt from.
      const anonymous = history ? Math.max(options.anonymous, NEW_SERIES) : options.anonymous;
      const isAnonymous = random() < anonymous;
      batch.series[row] = isAnonymous ? spec.seriesIds.length : (embeddingRow[series] as number);
      if (isAnonymous) dropContext(batch, row, source.sizes);
    }
    const rate = first
      ? oneCycleRate(position / plan.firstSteps, options.peakRate)
      : options.peakRate * TUNE_RATE * (1 - position / (plan.steps - plan.firstSteps));
    lossSum += trainStep(spec, state, batch, rate, decay, options.dropout, random);
    lossCount++;
    step++;
    if (
      first &&
      validation &&
      step % Math.max(1, Math.round(plan.firstSteps / VALIDATIONS)) === 0
    ) {
      const loss = lossOf(spec, state.weights, validation);
      if (loss < bestLoss) [best, bestLoss, bestStep] = [state.weights.slice(), loss, step];
      // If the loss never was a number, there are no best weights to go back to.
      else if (best !== null && step - bestStep >= options.patience * plan.firstSteps) {
        // Early stop: the second pass starts from the best weights.
        state.weights.set(best);
        step = plan.firstSteps;
      }
    }
    if (step === plan.firstSteps && first && plan.heldOut.length > 0) early = state.weights.slice();
    if (lossCount >= STEPS_PER_REPORT || step === plan.steps) {
      await hooks.onProgress?.({ step, steps: plan.steps, loss: lossSum / lossCount, rate });
      lossSum = 0;
      lossCount = 0;
    }
    if (step % (hooks.stepsPerCheckpoint ?? STEPS_PER_CHECKPOINT) === 0) {
      await hooks.onCheckpoint?.(checkpointOf(state, { step, early, best, bestLoss, bestStep }));
    }
  }
  return { early, final: state.weights };
}

/**
 * The windows of each batch. A pass goes over all windows in an order of its own, which depends on
 * the streams and the number of the pass alone; the last batch wraps around.
 */
function passOrder(plan: FitPlan, batchSize: number, streams: RandomStreams) {
  let order = new Uint32Array(0);
  let orderOf = '';
  const batch = new Uint32Array(batchSize);
  return (first: boolean, position: number): Uint32Array => {
    const count = first ? plan.earlyWindows : plan.windows.length;
    const passSteps = Math.max(1, Math.floor(count / batchSize));
    const pass = Math.floor(position / passSteps);
    const name = first ? 'order' : 'order of the second pass';
    if (orderOf !== `${name} ${pass}`) {
      order = plan.windows.slice(0, count);
      shuffle(order, streams(name, pass));
      orderOf = `${name} ${pass}`;
    }
    const offset = (position % passSteps) * batchSize;
    for (let row = 0; row < batchSize; row++) batch[row] = order[(offset + row) % count] as number;
    return batch;
  };
}

type FitState = Pick<Checkpoint, 'step' | 'early' | 'best' | 'bestLoss' | 'bestStep'>;
type Standing = { state: AdamWState } & FitState;

const checkpointOf = (
  { weights, mean, variance, steps: optimizerSteps, skipped }: AdamWState,
  fit: FitState,
): Checkpoint => ({
  ...fit,
  weights: weights.slice(),
  mean: mean.slice(),
  variance: variance.slice(),
  optimizerSteps,
  skipped,
});

function resumed(
  { spec, initial }: MemberJob,
  streams: RandomStreams,
  from: Checkpoint | null,
): Standing {
  const size = parameterCount(spec);
  const check = (weights: Float32Array, what: string) => {
    if (weights.length !== size)
      throw new RangeError(`the ${what} has ${weights.length} weights, the architecture ${size}`);
    return weights.slice();
  };
  if (from === null) {
    const weights = initial
      ? check(initial, 'network to start from')
      : initialWeights(spec, streams('initial weights'));
    return {
      state: createAdamW(weights),
      step: 0,
      early: null,
      best: null,
      bestLoss: Number.POSITIVE_INFINITY,
      bestStep: 0,
    };
  }
  const { step, early, best, bestLoss, bestStep, optimizerSteps, skipped } = from;
  const [weights, mean, variance] = [from.weights, from.mean, from.variance].map((values) =>
    check(values, 'checkpoint'),
  );
  const state = { weights, mean, variance, steps: optimizerSteps, skipped } as AdamWState;
  const copy = (values: Float32Array | null) => values && check(values, 'checkpoint');
  return { state, step, early: copy(early), best: copy(best), bestLoss, bestStep };
}

/**
 * A sample of the windows of the calibration span, the same at every call; null if there are none,
 * or if they are not needed.
 */
function validationBatch(
  source: FeatureSource,
  plan: FitPlan,
  { spec, scaling, options }: MemberJob,
  streams: RandomStreams,
  weightOf: (series: number) => number,
): TrainingBatch | null {
  if (plan.heldOut.length === 0 || options.patience >= 1) return null;
  const seriesCount = source.panel.seriesIds.length;
  const batch = createTrainingBatch(
    source,
    Math.min(VALIDATION_WINDOWS, plan.heldOut.length * seriesCount),
  );
  const random = streams('validation');
  const rows = embeddingRows(spec, source.panel);
  for (let row = 0; row < batch.capacity; row++) {
    const series = Math.floor(random() * seriesCount);
    const cutoff = plan.heldOut[Math.floor(random() * plan.heldOut.length)] as number;
    const isPoor = !isLearnable(source, series, cutoff);
    fillRow(source, batch, row, series, cutoff, scaling, isPoor ? 0 : weightOf(series));
    batch.series[row] = rows[series] as number;
  }
  // If nothing was observed, every loss is 0: that must not end a fit.
  return batch.weight.some((weight) => weight > 0) ? batch : null;
}
