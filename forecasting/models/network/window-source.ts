/**
 * Purpose: checks, pads and caches the feature source of a panel, for every model that forecasts
 * from features.
 * Invariants: a history shorter than the features look back is padded with unknown values, and the
 * amount of padding changes no bit; a source is cached as long as its panel exists.
 * Fails: a RangeError for a horizon the model was not fitted for, and for a cutoff with less than a
 * week before it.
 */
import {
  createFeatureSource,
  type FeatureSource,
  gridTables,
} from '../../features/feature-source.ts';
import { type FeatureSpec, featureSizes } from '../../features/feature-spec.ts';
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
  /** A backtest or a calibration predicts at many cutoffs of one panel. */
  const sources = new WeakMap<Panel, { source: FeatureSource; missing: number }>();
  /** The ad-hoc histories of many requests have the same grid. */
  const grids = gridTables();

  /** @returns the source, and how many unknown intervals it has in front of the panel's own */
  function sourceOf(panel: Panel, cutoff: number): { source: FeatureSource; missing: number } {
    const known = sources.get(panel);
    if (known && cutoff + known.missing >= known.source.firstCutoff) return known;
    // Asked a second time, and further back: then for all that need as little in front.
    const first = known ? (cutoff < historyIntervals ? week : historyIntervals) - 1 : cutoff;
    const missing = Math.max(0, historyIntervals - 1 - first);
    const padded = missing > 0 ? padHistory(panel, missing) : panel;
    const made = { source: createFeatureSource(padded, spec, first + missing, grids), missing };
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
