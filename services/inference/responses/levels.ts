/**
 * Purpose: which quantiles a response carries: all of the model's, or the two ends of each level
 * that was asked for, and the median.
 * Invariants: level 80 is the quantiles 0.1 and 0.9; a level is had only where the model forecasts
 * both: nothing is interpolated, because calibration holds for the quantiles that were calibrated.
 * Fails: LEVEL_UNKNOWN, which names the levels there are.
 */
import { HeadwayError } from '../../../platform/errors.ts';

/** Quantiles are written in decimal and compared as such: 0.1 + 0.8 is not 0.9. */
const isSame = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;

/** Levels of which both ends are among the quantiles, ascending. */
export function levelsOf(quantiles: readonly number[]): number[] {
  const lower = quantiles.filter((q) => q < 0.5 && quantiles.some((other) => isSame(q + other, 1)));
  return lower.map((q) => Number((100 * (1 - 2 * q)).toPrecision(6))).sort((a, b) => a - b);
}

/** Positions in `quantiles` of what was asked for, ascending; of all without a question. */
export function quantilesFor(
  quantiles: readonly number[],
  levels: readonly number[] | undefined,
): number[] {
  const all = [...quantiles.keys()];
  if (levels === undefined) return all;
  const known = levelsOf(quantiles);
  const unknown = levels.find((level) => !known.some((one) => isSame(one, level)));
  if (unknown !== undefined) {
    throw new HeadwayError('LEVEL_UNKNOWN', `the model has no interval of level ${unknown}`, {
      where: 'levels',
      fix:
        known.length > 0
          ? `There are ${known.join(', ')}. A model with others is trained with --quantiles.`
          : 'It forecasts the median alone: leave levels out.',
    });
  }
  return all.filter((i) => {
    const q = quantiles[i] as number;
    return q === 0.5 || levels.some((level) => isSame(Math.abs(100 * (1 - 2 * q)), level));
  });
}

/** "50,80" of a query string, whose form the schema has checked. */
export const parseLevels = (text: string | undefined): number[] | undefined =>
  text?.split(',').map(Number);
