/**
 * Purpose: calibration windows of new series: the held-out cutoffs again, as if every series had
 * begun a day to two weeks before, under names that the model does not know.
 * Invariants: no randomness; what lies after a cutoff is what lay there; the context of all series
 * stays.
 * Fails: never; none for models whose inputs do not say how much history there is.
 */
import { type FeatureSpec, levelIntervals } from '../../features/feature-spec.ts';
import { knownNeeded } from '../../features/features.ts';
import { type Panel, sharedWithin, targetOf, timestampAt } from '../../panel/panel.ts';
import type { CalibrationCut } from './observations.ts';

/** More windows than this say nothing new. */
const MAX_WINDOWS = 4000;
/** Histories spread evenly over the lengths, by the golden ratio. */
const SPREAD = 0.6180339887498949;

/** Where a model's inputs have a version, what counts as short: less than half of the level's span. */
export const SHORT_SHARE = 0.5;

export function shortHistories(
  panel: Panel,
  cutoffs: readonly number[],
  spec: Pick<FeatureSpec, 'version' | 'frequencyMinutes' | 'day' | 'week' | 'horizon'>,
): CalibrationCut[] {
  if (spec.version !== 2) return [];
  const every = Math.max(1, Math.ceil((cutoffs.length * panel.seriesIds.length) / MAX_WINDOWS));
  const [least, most] = [knownNeeded(spec), Math.ceil(SHORT_SHARE * levelIntervals(spec)) - 1];
  let drawn = 0;
  const nextLength = () => Math.round(least * (most / least) ** ((drawn++ * SPREAD) % 1));
  return cutoffs
    .filter((_, i) => i % every === 0)
    .map((cutoff) => {
      const first = Math.max(0, cutoff + 1 - Math.max(most, spec.week));
      const end = Math.min(panel.length, cutoff + 1 + spec.horizon);
      const length = end - first;
      const target = new Float32Array(panel.seriesIds.length * length).fill(Number.NaN);
      for (let series = 0; series < panel.seriesIds.length; series++) {
        const from = Math.max(first, cutoff + 1 - nextLength());
        const values = targetOf(panel, series).subarray(from, end);
        target.set(values, series * length + from - first);
      }
      const short = {
        ...{ seriesIds: panel.seriesIds.map((id) => `${id} (new)`), length, columns: { target } },
        ...{ start: timestampAt(panel, first), frequencyMinutes: panel.frequencyMinutes },
        ...sharedWithin(panel, first),
      };
      return { panel: short, cutoff: cutoff - first, time: cutoff };
    });
}
