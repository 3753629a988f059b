/**
 * Purpose: which histories training learns from: those of series that have begun, whole or
 * shortened, so that a series that began yesterday is nothing new to a network.
 * Invariants: the same draws give the same history; one too short to have a level is not made.
 * Fails: never.
 */
import { targetOf } from '../panel/panel.ts';
import type { FeatureSource } from './feature-source.ts';
import { WEEKS_BACK_LONG } from './feature-spec.ts';
import { hasEnoughHistory, knownNeeded } from './features.ts';
import { birthAt, historySince, type SeriesHistory } from './series-history.ts';

/** Whether the series has begun by the cutoff, and enough is known since. */
export const isLearnable = (source: FeatureSource, series: number, cutoff: number): boolean =>
  cutoff >= (source.firstEvents[series] as number) &&
  hasEnoughHistory(
    targetOf(source.panel, series),
    cutoff,
    source.spec,
    birthAt(source, series, cutoff),
  );

/** Share of the windows whose history is shortened. */
const SHORTENED = 0.15;

/**
 * For a share of the windows a history that begins at random, evenly by order of magnitude from a
 * day to eight weeks before the cutoff; undefined for the others, which see all of it.
 */
export function drawHistory(
  source: FeatureSource,
  series: number,
  cutoff: number,
  random: () => number,
): SeriesHistory | undefined {
  const { spec } = source;
  if (spec.version !== 2 || random() >= SHORTENED) return undefined;
  const [least, most] = [knownNeeded(spec), WEEKS_BACK_LONG * spec.week];
  const length = Math.round(least * (most / least) ** random());
  const first = Math.max(0, cutoff - length + 1, birthAt(source, series, cutoff));
  const history = historySince(source, series, cutoff, first);
  return hasEnoughHistory(history.values, cutoff, spec) ? history : undefined;
}
