/**
 * Purpose: a calibration, and how it is applied to a forecast: the group of its series, its median,
 * and its distances from the median.
 * Invariants: pure functions of the calibration and the forecast.
 * Fails: never.
 */

/**
 * Shares, together at most 1, of the network's and the linear model's offsets from the anchor that
 * are believed.
 */
export interface Trust {
  readonly network: number;
  readonly linear: number;
}

export const NETWORK_ALONE: Trust = { network: 1, linear: 0 };

export interface Calibration {
  /**
   * Series with a level below the first bound are the first group, and so on; the last of these is
   * open. A group more is that of series with a short history, whatever their level.
   */
  readonly levelBounds: readonly number[];
  /** [group][step]: what the median is made of. */
  readonly trust: readonly (readonly Trust[])[];
  /** [group][quantile][step] */
  readonly factors: readonly (readonly (readonly number[])[])[];
  /** [group]: for counts, how far inside the bounds a count must lie (constrain-quantiles.ts). */
  readonly edges: readonly number[];
  /**
   * [group]: what the mean is made of (mean-correction.ts). Absent in models of earlier versions.
   */
  readonly means?: readonly MeanCorrection[];
  /** 0–1: how far series move together (paths/fit-dependence.ts). Absent as above. */
  readonly dependence?: number;
}

/** mean = ofQuantiles × mean of the quantiles + ofAnchor × anchor + ofLevel × level */
export interface MeanCorrection {
  readonly ofQuantiles: number;
  readonly ofAnchor: number;
  readonly ofLevel: number;
}

/** A calibration that changes nothing but what the median is made of. */
export const trusting = (trust: Trust, horizon: number): Calibration => ({
  ...{ levelBounds: [], factors: [], edges: [] },
  trust: [Array.from({ length: horizon }, () => trust)],
});

export const groupOf = (levelBounds: readonly number[], level: number): number => {
  const group = levelBounds.findIndex((bound) => level < bound);
  return group < 0 ? levelBounds.length : group;
};

/** The group of a window: by its level, or that of short histories where there is one. */
export const groupOfWindow = (
  { levelBounds, trust }: Calibration,
  level: number,
  isShort: boolean,
): number =>
  isShort && trust.length > levelBounds.length + 1
    ? levelBounds.length + 1
    : groupOf(levelBounds, level);

/** The three forecasts that a median is made of. */
export interface Centers {
  readonly anchor: number;
  readonly linear: number;
  /** The network's own median. */
  readonly own: number;
}

/** The anchor, and what is trusted of two offsets from it. */
export const combined = (trust: Trust, { anchor, linear, own }: Centers): number =>
  anchor + trust.network * (own - anchor) + trust.linear * (linear - anchor);

/** The median that a calibration believes in. */
export const believedCenter = (
  calibration: Calibration | null,
  group: number,
  step: number,
  centers: Centers,
): number => combined(calibration?.trust[group]?.[step] ?? NETWORK_ALONE, centers);

/**
 * The distances of a forecast from its median, calibrated, about another median. In place; what
 * comes may not yet be possible.
 * @param factors [quantile][step] of the series' group
 */
export function spreadAbout(
  factors: Calibration['factors'][number] | undefined,
  step: number,
  center: number,
  forecast: Float64Array,
  median: number,
): void {
  const old = forecast[median] as number;
  for (let q = 0; q < forecast.length; q++)
    forecast[q] = center + ((forecast[q] as number) - old) * (factors?.[q]?.[step] ?? 1);
}
