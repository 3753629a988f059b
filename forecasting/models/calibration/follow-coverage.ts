/**
 * Purpose: widen or narrow calibrated intervals by what later forecasts of the same model covered:
 * a calibration on two weeks cannot know how the next four differ from them.
 * Invariants: one scale per group of series and quarter of the steps, for all quantiles; bounded,
 * nearer to 1 the fewer horizons show it, and 1 where it would have cost pinball loss, as it does
 * where counts are nearly always 0. Medians stay, and so does the sum of the means.
 * Fails: never; too few observations change nothing. Source: conformalized quantile regression in
 * its scaled form (factors.ts); docs/decisions/0055.
 */

import { pinballLoss } from '../../evaluation/metrics.ts';
import type { FeatureSpec, LevelSpec } from '../../features/feature-spec.ts';
import type { Panel } from '../../panel/panel.ts';
import type { Calibration, MeanCorrection } from './calibration.ts';
import { constrainQuantiles, type TargetKind } from './constrain-quantiles.ts';
import { type CalibratedGroup, forEachForecast } from './edges.ts';
import { meanBefore } from './mean-correction.ts';
import {
  type Calibrated,
  groupsOf,
  MIN_OBSERVATIONS,
  observe,
  type Windows,
} from './observations.ts';

const BOUNDS = [0.7, 1.5] as const;
/** Runs of steps that have a scale of their own. */
const PARTS = 4;
/** What is observed over so many horizons counts half. */
const HALF_HORIZONS = 10;

export interface FollowedCalibration {
  readonly calibration: Calibration;
  /** Of all groups and parts of the steps. */
  readonly scales: { readonly least: number; readonly greatest: number };
}

/**
 * @param models what the calibration was made for, at cutoffs that they have not learnt from
 * @param cutoffs ascending grid indices
 */
export function followCoverage(
  panel: Panel,
  models: Calibrated,
  cutoffs: readonly number[],
  spec: Pick<FeatureSpec, 'horizon' | 'day'> & LevelSpec & TargetKind,
  calibration: Calibration,
): FollowedCalibration {
  const windows = observe(
    cutoffs.map((cutoff) => ({ panel, cutoff, time: cutoff })),
    models,
    spec,
  );
  const horizons = ((cutoffs.at(-1) ?? 0) - (cutoffs[0] ?? 0)) / spec.horizon;
  const weight = horizons / (horizons + HALF_HORIZONS);
  const { quantiles } = models;
  const groups = groupsOf(windows, calibration.levelBounds).map((group, g) =>
    followedGroup(windows, group, {
      ...{ quantiles, kind: spec, weight, edge: calibration.edges[g] ?? 0 },
      trust: calibration.trust[g] ?? [],
      factors: calibration.factors[g] ?? [],
    }),
  );
  const { horizon } = windows;
  const factors = calibration.factors.map((byQuantile, g) =>
    byQuantile.map((bySteps) =>
      bySteps.map((factor, k) => factor * (groups[g]?.scales[partOf(k, horizon)] ?? 1)),
    ),
  );
  const means = calibration.means?.map((mean, g) => meanKept(mean, groups[g], spec));
  const scales = groups.flatMap((group) => group.scales);
  return {
    calibration: { ...calibration, factors, ...(means ? { means } : {}) },
    scales: { least: Math.min(...scales), greatest: Math.max(...scales) },
  };
}

const partOf = (step: number, horizon: number): number => Math.floor((step * PARTS) / horizon);

interface Group extends CalibratedGroup {
  readonly quantiles: readonly number[];
  readonly kind: TargetKind;
  /** 0–1: of the scale that would have held the nominal share. */
  readonly weight: number;
  readonly edge: number;
}

interface FollowedGroup {
  /** [part] */
  readonly scales: readonly number[];
  /** Sums over what was observed: of the means of the quantiles as they were and as they are. */
  readonly before: number;
  readonly after: number;
  readonly levels: number;
}

function followedGroup(windows: Windows, group: Int32Array, of: Group): FollowedGroup {
  const { quantiles, kind, weight, edge } = of;
  const [last, median] = [quantiles.length - 1, quantiles.indexOf(0.5)];
  const nominal = (quantiles[last] as number) - (quantiles[0] as number);
  const tried = ratiosByPart(windows, group, of).map((ratios) =>
    last === 0 || ratios.length < MIN_OBSERVATIONS ? 1 : scaleOf(ratios, nominal, weight),
  );
  const sums = tried.map(() => ({ cost: 0, before: 0, after: 0 }));
  const scaled = new Float64Array(quantiles.length);
  let levels = 0;
  forEachForecast(windows, group, quantiles, of, (actual, values, { window, step }) => {
    const part = partOf(step, windows.horizon);
    const sum = sums[part] as (typeof sums)[number];
    const center = values[median] as number;
    for (let q = 0; q <= last; q++)
      scaled[q] = center + ((values[q] as number) - center) * (tried[part] as number);
    levels += windows.levels[window] as number;
    sum.before += meanBefore(quantiles, values, kind);
    sum.after += meanBefore(quantiles, scaled, kind);
    for (const [forecast, sign] of [[scaled, 1] as const, [values, -1] as const]) {
      constrainQuantiles(forecast, median, kind, edge);
      for (let q = 0; q <= last; q++)
        sum.cost += sign * pinballLoss(quantiles[q] as number, actual - (forecast[q] as number));
    }
  });
  const isKept = sums.map(({ cost }) => cost <= 0);
  return {
    scales: tried.map((scale, part) => (isKept[part] ? scale : 1)),
    before: sums.reduce((total, { before }) => total + before, 0),
    after: sums.reduce((total, { before, after }, p) => total + (isKept[p] ? after : before), 0),
    levels,
  };
}

/** [part]: by how much the interval of each forecast must be scaled to hold its actual. */
function ratiosByPart(windows: Windows, group: Int32Array, of: Group): number[][] {
  const { quantiles, kind, edge } = of;
  const [last, median] = [quantiles.length - 1, quantiles.indexOf(0.5)];
  const ratios: number[][] = Array.from({ length: PARTS }, () => []);
  const middle = new Float64Array(1);
  const inner = kind.integerValued ? edge : 0;
  forEachForecast(windows, group, quantiles, of, (actual, values, { step }) => {
    const center = values[median] as number;
    middle[0] = center;
    constrainQuantiles(middle, 0, kind, 0);
    const part = ratios[partOf(step, windows.horizon)] as number[];
    // The median is always inside; a count must lie inside the bound by the edge.
    if (actual === middle[0]) part.push(0);
    else if (actual > center)
      part.push((actual + inner - center) / ((values[last] as number) - center));
    else part.push((center + inner - actual) / (center - (values[0] as number)));
  });
  return ratios;
}

/** The scale that holds the nominal share, as far as it is sure. */
function scaleOf(ratios: number[], nominal: number, weight: number): number {
  const ascending = Float64Array.from(ratios).sort();
  const at = Math.min(ascending.length - 1, Math.ceil(ascending.length * nominal) - 1);
  const scale = (ascending[at] as number) ** weight;
  return Math.min(BOUNDS[1], Math.max(BOUNDS[0], scale));
}

/** So that the sum of the means over what was observed stays. */
function meanKept(
  mean: MeanCorrection,
  group: FollowedGroup | undefined,
  { isAdditive }: LevelSpec,
): MeanCorrection {
  if (group === undefined || group.before === group.after) return mean;
  const { before, after, levels } = group;
  if (isAdditive)
    return { ...mean, ofLevel: mean.ofLevel + (mean.ofQuantiles * (before - after)) / levels };
  return after > 0 ? { ...mean, ofQuantiles: (mean.ofQuantiles * before) / after } : mean;
}
