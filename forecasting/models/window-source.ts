/**
 * Purpose: what the windows of a panel at a cutoff share, for every model that forecasts from features: checked, padded, and kept
 * for the next cutoff of the same panel.
 * Invariants: a history shorter than the features look back is a history that is unknown before its start; a panel's source is let
 * go with the panel.
 * Fails: a RangeError for a horizon the model was not fitted for, and for a cutoff with less than a week before it.
 */
import { createFeatureSource, type FeatureSource, type FeatureSpec, featureSizes } from '../features.ts';
import { keptTables } from '../kept-tables.ts';
import { type Panel, padHistory } from '../panel.ts';

export interface WindowSource {
  readonly source: FeatureSource;
  /** The cutoff as a grid index of the source's panel, which may have unknown intervals in front. */
  readonly at: number;
}

/** @returns a function that gives the source of the windows at one cutoff (a grid index of the panel) */
export function windowSources(spec: FeatureSpec): (panel: Panel, cutoff: number, horizon: number) => WindowSource {
  const { horizon: fittedHorizon, week } = spec;
  const { historyIntervals } = featureSizes(spec);
  /** A backtest asks at many cutoffs of one panel: what the windows share is computed once. */
  const sources = new WeakMap<Panel, FeatureSource>();
  /** A service asks at many panels of the same grid: callers' own histories. */
  const kept = keptTables();

  function sourceOf(panel: Panel, cutoff: number): FeatureSource {
    const known = sources.get(panel);
    if (known && cutoff >= known.firstCutoff) return known;
    // Asked a second time, and further back: then for all of the panel.
    const source = createFeatureSource(panel, spec, known ? 0 : cutoff, kept);
    sources.set(panel, source);
    return source;
  }

  return (panel, cutoff, horizon) => {
    if (horizon < 1 || horizon > fittedHorizon) throw new RangeError(`horizon ${horizon} is outside 1…${fittedHorizon}`);
    if (cutoff < week - 1) throw new RangeError(`the forecast needs ${week} intervals up to the cutoff, there are ${cutoff + 1}`);
    const missing = historyIntervals - 1 - cutoff;
    if (missing <= 0) return { source: sourceOf(panel, cutoff), at: cutoff };
    const at = cutoff + missing;
    return { source: createFeatureSource(padHistory(panel, missing), spec, at, kept), at };
  };
}
