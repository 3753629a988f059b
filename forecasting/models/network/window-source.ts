/**
 * Purpose: what the windows of a panel at a cutoff share, for every model that forecasts from
 * features: checked, padded, and kept for the next cutoff of the same panel.
 * Invariants: a history shorter than the features look back is a history that is unknown before its
 * start, and how much of that is put in front changes no bit; a panel's source is let go with the
 * panel.
 * Fails: a RangeError for a horizon the model was not fitted for, and for a cutoff with less than a
 * week before it.
 */
import {
  createFeatureSource,
  type FeatureSource,
  type FeatureSpec,
  featureSizes,
} from '../../features/features.ts';
import { gridTables } from '../../features/grid-cache.ts';
import { type Panel, padHistory } from '../../panel/panel.ts';

export interface WindowSource {
  readonly source: FeatureSource;
  /**
   * The cutoff as a grid index of the source's panel, which may have unknown intervals in front.
   */
  readonly at: number;
}

/**
 * @returns a function that gives the source of the windows at one cutoff (a grid index of the
 * panel)
 */
export function windowSources(
  spec: FeatureSpec,
): (panel: Panel, cutoff: number, horizon: number) => WindowSource {
  const { horizon: fittedHorizon, week } = spec;
  const { historyIntervals } = featureSizes(spec);
  /**
   * A backtest or a calibration asks at many cutoffs of one panel: what the windows share is
   * computed once.
   */
  const sources = new WeakMap<Panel, { source: FeatureSource; missing: number }>();
  /** A service asks at many panels of the same grid: callers' ad-hoc histories. */
  const kept = gridTables();

  /** @returns the source, and how many unknown intervals it has in front of the panel's own */
  function sourceOf(panel: Panel, cutoff: number): { source: FeatureSource; missing: number } {
    const known = sources.get(panel);
    if (known && cutoff + known.missing >= known.source.firstCutoff) return known;
    // Asked a second time, and further back: then for all that need as little in front.
    const first = known ? (cutoff < historyIntervals ? week : historyIntervals) - 1 : cutoff;
    const missing = Math.max(0, historyIntervals - 1 - first);
    const padded = missing > 0 ? padHistory(panel, missing) : panel;
    const made = { source: createFeatureSource(padded, spec, first + missing, kept), missing };
    sources.set(panel, made);
    return made;
  }

  return (panel, cutoff, horizon) => {
    if (horizon < 1 || horizon > fittedHorizon)
      throw new RangeError(`horizon ${horizon} is outside 1…${fittedHorizon}`);
    if (cutoff < week - 1)
      throw new RangeError(
        `the forecast needs ${week} intervals up to the cutoff, there are ${cutoff + 1}`,
      );
    const { source, missing } = sourceOf(panel, cutoff);
    return { source, at: cutoff + missing };
  };
}
