/**
 * Purpose: calibrate a forecast on cutoffs the model has not learnt from: how far to trust its
 * offset from the anchor (the shape of the week), split conformal prediction on the distance from
 * the median, and where the bounds of counts lie.
 * Invariants: a factor is per quantile, step and group of series, and positive, so a quantile keeps
 * its side of the median (the forecaster must ensure that quantiles of one side do not cross);
 * nothing of the forecast span is read; the unit of the target changes nothing.
 * Fails: never; with too few observations nothing is changed.
 */

import type { FeatureSpec, LevelSpec } from '../../features/feature-spec.ts';
import type { Panel } from '../../panel/panel.ts';
import type { Calibration } from './calibration.ts';
import type { TargetKind } from './constrain-quantiles.ts';
import { edgeOf } from './edges.ts';
import { factorsOf } from './factors.ts';
import { meanCorrectionOf } from './mean-correction.ts';
import { type Calibrated, groupsOf, levelBoundsOf, observe, type Windows } from './observations.ts';
import { shortHistories } from './short-histories.ts';
import { trustPerStep } from './trust.ts';

export function calibrate(
  panel: Panel,
  models: Calibrated,
  cutoffs: readonly number[],
  spec: Pick<FeatureSpec, 'horizon' | 'day'> & LevelSpec & TargetKind,
): Calibration {
  const whole = cutoffs.map((cutoff) => ({ panel, cutoff, time: cutoff }));
  const windows = observe(whole, models, spec);
  const levelBounds = levelBoundsOf(windows);
  const groups = groupsOf(windows, levelBounds).map((group) =>
    ofGroup(windows, group, models, spec),
  );
  const context = models.withContext?.(panel) ?? panel;
  const short = observe(shortHistories(context, cutoffs, spec), models, spec);
  const all = Int32Array.from({ length: short.count }, (_, w) => w);
  if (spec.version === 2) groups.push(ofGroup(short, all, models, spec));
  return {
    levelBounds,
    trust: groups.map(({ trust }) => trust),
    factors: groups.map(({ factors }) => factors),
    edges: groups.map(({ edge }) => edge),
    means: groups.map(({ mean }) => mean),
  };
}

function ofGroup(
  windows: Windows,
  group: Int32Array,
  models: Calibrated,
  kind: TargetKind & LevelSpec,
) {
  const { quantiles, hasLinear } = models;
  const trust = trustPerStep(windows, group, quantiles, hasLinear);
  const factors = factorsOf(windows, group, quantiles, trust);
  const edge = kind.integerValued ? edgeOf(windows, group, quantiles, kind, { trust, factors }) : 0;
  const mean = meanCorrectionOf(windows, group, quantiles, kind, { trust, factors });
  return { trust, factors, edge, mean };
}
