/**
 * Purpose: fit the network: scale its inputs, learn its members, calibrate their common forecast.
 * Invariants: nothing after `lastTarget` is read; the same panel, options and streams give the same
 * network on the same backend, whether its members were learnt one after another, at once in other
 * processes, or resumed.
 * Fails: a RangeError where the panel holds no complete training window; an UnlearnableError where
 * no window has enough known history, or the targets have no plausible scale. Source of the
 * ensemble: Lakshminarayanan, Pritzel & Blundell 2017, "Deep Ensembles" (arXiv:1612.01474),
 * averaging quantiles.
 */
import { createFeatureSource } from '../../features/feature-source.ts';
import type { Panel } from '../../panel/panel.ts';
import { fitDependence } from '../../paths/fit-dependence.ts';
import { calibrate } from '../calibration/calibrate.ts';
import type { Calibration } from '../calibration/calibration.ts';
import type { Calibrated } from '../calibration/observations.ts';
import { networkForecaster, networkParts } from './forecaster.ts';
import { fitScaling } from './input-scaling.ts';
import {
  type FitOptions,
  type FitProgress,
  fitMember,
  fitPlan,
  type MemberJob,
  type MemberWeights,
  type RandomStreams,
} from './member.ts';
import type { InputScaling, NetworkSpec, TrainedNetwork } from './network.ts';
import { fitCoefficients } from './ridge.ts';
import type { WarmStart } from './warm-start.ts';

export interface FittedNetwork extends TrainedNetwork {
  readonly calibration: Calibration | null;
  readonly steps: number;
  readonly windows: number;
}

/** Learns every member; a job's place in the list names its random streams. */
export type MemberFitter = (
  jobs: readonly MemberJob[],
  onProgress: (progress: FitProgress) => void | Promise<void>,
) => Promise<MemberWeights[]>;

export interface FitExtras {
  /**
   * A network to start from: its scaling and context are kept. It must fit the spec, and must not
   * have seen anything after `lastTarget`.
   */
  readonly warmStart?: WarmStart | null;
  /** Used as it is, instead of one made from this fit. */
  readonly calibration?: Calibration | null;
  /** Where and how members are learnt: one after another in this process by default. */
  readonly fitMembers?: MemberFitter;
}

/**
 * Fits on every window whose targets end at or before grid index `lastTarget`.
 * @param streams the only source of randomness
 * @param onProgress may be asynchronous: it is awaited, so that the caller can draw or stop
 */
export async function fitNetwork(
  panel: Panel,
  given: NetworkSpec,
  lastTarget: number,
  options: FitOptions,
  streams: RandomStreams,
  onProgress: (progress: FitProgress) => void | Promise<void> = () => {},
  { warmStart = null, fitMembers = oneAfterAnother(streams), calibration: carried }: FitExtras = {},
): Promise<FittedNetwork> {
  const spec = warmStart?.context
    ? { ...given, features: { ...given.features, context: warmStart.context } }
    : given;
  const source = createFeatureSource(panel, spec.features);
  const plan = fitPlan(source, lastTarget, options);
  const scaling: InputScaling =
    warmStart?.scaling ?? fitScaling(source, plan.cutoffs, streams('scaling'));
  const jobs: MemberJob[] = Array.from({ length: options.members }, (_, member) => {
    const initial = warmStart?.members[member % warmStart.members.length] ?? null;
    return { panel, spec, scaling, lastTarget, options, initial };
  });
  const linearOf = (end: number) =>
    fitCoefficients(source, plan.cutoffs.subarray(0, end), scaling).coefficients;
  const isHeldOut = carried === undefined && plan.heldOut.length > 0;
  const linearModels = once(() => ({
    early: isHeldOut ? linearOf(plan.early) : null,
    all: linearOf(plan.cutoffs.length),
  }));
  // If members learn in other processes, this one is free meanwhile.
  const weights = await fitMembers(jobs, (progress) => {
    linearModels();
    return onProgress(progress);
  });
  const linear = linearModels();
  const held = linear.early && {
    members: weights.flatMap((member) => member.early ?? []),
    linear: linear.early,
  };
  /** From the members and the linear model that have not seen the held-out cutoffs. */
  const calibrationOf = (early: Pick<TrainedNetwork, 'members' | 'linear'>): Calibration => {
    const network = { spec, scaling, ...early };
    const calibration = calibrate(panel, uncalibrated(network), plan.heldOut, spec.features);
    const forecaster = networkForecaster({ ...network, calibration });
    const random = (name: string) => streams(`dependence ${name}`);
    return {
      ...calibration,
      dependence: fitDependence(panel, forecaster, plan.heldOut, spec.features, random),
    };
  };
  return {
    spec,
    scaling,
    members: weights.map((member) => member.final),
    linear: linear.all,
    calibration: carried === undefined ? held && calibrationOf(held) : carried,
    steps: plan.steps,
    windows: plan.windows.length,
  };
}

/** Creates it on the first call, and returns the same from then on. */
function once<T extends object>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

/** What a calibration of the network is made from: before rounding and cutting off, too. */
export function uncalibrated({
  spec,
  scaling,
  members,
  linear,
}: Omit<TrainedNetwork, 'calibration'>): Calibrated {
  const raw = { ...spec, features: { ...spec.features, integerValued: false, nonNegative: false } };
  return networkParts({ spec: raw, scaling, members, linear, calibration: null });
}

/** The streams of one member: independent of every other's. */
export const streamsOfMember =
  (streams: RandomStreams, member: number): RandomStreams =>
  (name, index) =>
    streams(`member ${member} ${name}`, index);

function oneAfterAnother(streams: RandomStreams): MemberFitter {
  return async (jobs, onProgress) => {
    const done: MemberWeights[] = [];
    for (const [member, job] of jobs.entries()) {
      const report = (progress: FitProgress) =>
        onProgress({
          ...progress,
          step: progress.step + member * progress.steps,
          steps: progress.steps * jobs.length,
        });
      done.push(await fitMember(job, streamsOfMember(streams, member), { onProgress: report }));
    }
    return done;
  };
}
