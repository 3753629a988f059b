/**
 * Purpose: calibrate a forecast on cutoffs the model has not learnt from: how far to trust its
 * offset from the anchor (the shape of the week), split conformal prediction on the distance from
 * the median, and where the bounds of counts lie.
 * Invariants: a factor is per quantile, step and group of series, and positive, so a quantile keeps
 * its side of the median (that quantiles of one side do not cross is the forecaster's business);
 * nothing of the forecast span is read; the unit of the target changes nothing.
 * Fails: never; too few observations leave everything as it is.
 */

import type { FeatureSpec, LevelSpec } from '../../features/feature-spec.ts';
import type { Panel } from '../../panel/panel.ts';
import type { Calibration } from './calibration.ts';
import type { TargetKind } from './constrain-quantiles.ts';
import { edgeOf } from './edges.ts';
import { factorsOf } from './factors.ts';
import { type Calibrated, groupsOf, levelBoundsOf, observe } from './observations.ts';
import { trustPerStep } from './trust.ts';

export function calibrate(
  panel: Panel,
  models: Calibrated,
  cutoffs: readonly number[],
  spec: Pick<FeatureSpec, 'horizon' | 'day'> & LevelSpec & TargetKind,
): Calibration {
  const { quantiles } = models.forecaster;
  const windows = observe(panel, models, cutoffs, spec);
  const levelBounds = levelBoundsOf(windows);
  const groups = groupsOf(windows, levelBounds).map((group) => {
    const trust = trustPerStep(windows, group, quantiles, models.linear !== null);
    const factors = factorsOf(windows, group, quantiles, trust);
    const edge = spec.integerValued
      ? edgeOf(windows, group, quantiles, spec, { trust, factors })
      : 0;
    return { trust, factors, edge };
  });
  return {
    levelBounds,
    trust: groups.map(({ trust }) => trust),
    factors: groups.map(({ factors }) => factors),
    edges: groups.map(({ edge }) => edge),
  };
}
