/**
 * Purpose: the port every forecaster implements (naive baselines, the network).
 * Invariants: `predict` reads nothing after the cutoff; the result is in the target's own unit;
 * quantiles do not cross.
 * Fails: a RangeError where the panel holds less history than `minimumHistory` before the cutoff.
 */
import type { ExogenousNames } from '../features/exogenous.ts';
import type { Panel } from '../panel/panel.ts';
import { fillMeans } from './mean.ts';

/** A panel, and where its known values end: a grid index. */
export interface CutPanel {
  readonly panel: Panel;
  readonly cutoff: number;
}

export interface Forecaster {
  readonly name: string;
  /** The quantiles it forecasts, ascending; a point forecaster gives its median only: [0.5]. */
  readonly quantiles: readonly number[];
  /** Intervals up to and including the cutoff that `predict` needs. */
  readonly minimumHistory: number;
  /** The exogenous columns it reads, which the panel must have; absent where it reads none. */
  readonly exogenous?: ExogenousNames;
  /** 0–1: how far its errors of different series go together; absent where nobody measured it. */
  readonly dependence?: number;
  /** Whether it learnt something of this series alone; absent where it treats all series alike. */
  readonly knows?: (seriesId: string) => boolean;
  /**
   * The panel with what the forecaster reads of all its series together. Panels of some of its
   * series then give the same forecasts as the whole one. Absent where it reads each series alone.
   */
  withContext?(panel: Panel): Panel;
  /** The series that the context is made of: a panel of them alone has the same context. */
  readonly contextSeries?: readonly string[];
  /**
   * Forecasts of every series of the panel at cutoff (a grid index, the last observed interval).
   * @param mean written to, [series][step], by a forecaster that has means of its own; others leave
   * it as it is
   * @returns [series][quantile][step], row-major: series × quantiles × horizon values; step 1 comes
   * first.
   */
  predict(panel: Panel, cutoff: number, horizon: number, mean?: Float32Array): Float32Array;
  /**
   * The same bits for many panels, each at a cutoff of its own, in one go: [panel] → what `predict`
   * gives. Absent where it would be no faster than one after another.
   */
  predictEach?(
    windows: readonly CutPanel[],
    horizon: number,
    means?: readonly Float32Array[],
  ): Float32Array[];
}

/** A forecast whole: quantiles and means. */
export interface Prediction {
  /** [series][quantile][step] */
  readonly values: Float32Array;
  /** [series][step]: the forecaster's own, or of its quantiles (mean.ts). */
  readonly mean: Float32Array;
}

const noMeans = ({ seriesIds }: Panel, horizon: number): Float32Array =>
  new Float32Array(seriesIds.length * horizon).fill(Number.NaN);

/** `predict`, with means. */
export function predictWhole(
  forecaster: Forecaster,
  panel: Panel,
  cutoff: number,
  horizon: number,
): Prediction {
  const mean = noMeans(panel, horizon);
  const values = forecaster.predict(panel, cutoff, horizon, mean);
  fillMeans(mean, values, forecaster.quantiles, horizon);
  return { values, mean };
}

/** `predictEach`, or as many times `predict`, with means. */
export function predictAll(
  forecaster: Forecaster,
  windows: readonly CutPanel[],
  horizon: number,
): Prediction[] {
  if (!forecaster.predictEach)
    return windows.map(({ panel, cutoff }) => predictWhole(forecaster, panel, cutoff, horizon));
  const means = windows.map(({ panel }) => noMeans(panel, horizon));
  return forecaster.predictEach(windows, horizon, means).map((values, i) => {
    const mean = means[i] as Float32Array;
    fillMeans(mean, values, forecaster.quantiles, horizon);
    return { values, mean };
  });
}
