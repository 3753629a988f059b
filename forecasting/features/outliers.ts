/**
 * Purpose: readings that no value around them explains: a meter that jumps to 250 times its load
 * for an hour. They are treated as unknown.
 * Invariants: a pure function of the last `outlierMemory` intervals up to a reading, so that a long
 * and a short panel agree, and nothing after a reading decides about it; a change that comes step by
 * step is believed, and one that lasts a quarter of a day from then on; scaling or shifting a series
 * changes nothing.
 * Fails: never; a series that shows less than a week, or never moves, has no outlier.
 */
import { type Panel, targetOf } from '../panel/panel.ts';

/** The seasons of a grid that outliers are judged by. */
interface OutlierSeasons {
  readonly day: number;
  readonly week: number;
}

/** A series' usual steps are taken from this many blocks (days) before the reading's own. */
const BLOCKS = 28;
const MIN_BLOCKS = 7;
/** An outlier lies further from its references than this many times the usual distance … */
const USUAL = 20;
/** … and than this many times the largest distance of a block, the largest two left out. */
const LARGEST = 4;
const LARGEST_RANK = 3;

/** Intervals of a block: a day, or seven intervals where the grid is no finer than that. */
const blockOf = ({ day, week }: OutlierSeasons): number => (day > 1 ? day : Math.min(7, week));

/** Intervals up to a reading that decide whether it is an outlier. */
export const outlierMemory = (seasons: OutlierSeasons): number =>
  (BLOCKS + 1) * blockOf(seasons) + seasons.week + seasons.day;

/** A copy of the panel's target in which outliers are unknown. */
export function withoutOutliers(panel: Panel, seasons: OutlierSeasons): Float32Array {
  const target = panel.columns.target.slice();
  for (let series = 0; series < panel.seriesIds.length; series++) {
    const first = series * panel.length;
    for (const t of outliersOf(targetOf(panel, series), panel, seasons))
      target[first + t] = Number.NaN;
  }
  return target;
}

/** Grid indices of a series' outliers, ascending. */
export function outliersOf(
  values: Float32Array,
  grid: Pick<Panel, 'start' | 'frequencyMinutes'>,
  seasons: OutlierSeasons,
): number[] {
  const size = blockOf(seasons);
  // Blocks stand on the absolute grid, so that a long and a short panel agree.
  const intervals = Math.floor(grid.start / (grid.frequencyMinutes * 60_000));
  const ahead = ((intervals % size) + size) % size;
  const lasting = Math.ceil(seasons.day / 4);
  const references = [lasting, seasons.day, seasons.week];
  const distances = distancesOf(values, references);
  const count = Math.ceil((values.length + ahead) / size);
  const means = new Float64Array(count).fill(Number.NaN);
  const largest = new Float64Array(count).fill(Number.NaN);
  const found: number[] = [];
  let sinceJump = lasting;
  for (let block = 0; block < count; block++) {
    const limit = limitOf(means, largest, block);
    let sum = 0;
    let known = 0;
    let most = 0;
    const end = Math.min(values.length, (block + 1) * size - ahead);
    for (let t = Math.max(0, block * size - ahead); t < end; t++) {
      const distance = distances[t] as number;
      if (Number.isNaN(distance)) continue;
      const step = Math.abs((values[t] as number) - (values[t - 1] ?? Number.NaN));
      if (!(distance > limit)) sinceJump = lasting;
      else sinceJump = step <= limit ? sinceJump + 1 : 0;
      if (sinceJump < lasting) found.push(t);
      sum += distance;
      known++;
      if (distance > most) most = distance;
    }
    if (known === 0) continue;
    means[block] = sum / known;
    largest[block] = most;
  }
  return found;
}

/** How far a value lies from the nearest of its references; NaN where it or all are unknown. */
function distancesOf(values: Float32Array, references: readonly number[]): Float32Array {
  const distances = new Float32Array(values.length).fill(Number.NaN);
  for (const back of references) {
    for (let t = back; t < values.length; t++) {
      const difference = (values[t] as number) - (values[t - back] as number);
      const distance = difference < 0 ? -difference : difference;
      // Written so that an unknown distance gives way.
      if (!((distances[t] as number) <= distance) && !Number.isNaN(distance))
        distances[t] = distance;
    }
  }
  return distances;
}

/** The distance beyond which a reading of a block is an outlier; none where too little is known. */
function limitOf(means: Float64Array, largest: Float64Array, block: number): number {
  const first = Math.max(0, block - BLOCKS);
  const tops = ascending(largest, first, block);
  if (tops.length < MIN_BLOCKS) return Number.POSITIVE_INFINITY;
  const usual = ascending(means, first, block)[tops.length >> 1] as number;
  const limit = Math.max(USUAL * usual, LARGEST * (tops.at(-LARGEST_RANK) as number));
  return limit > 0 ? limit : Number.POSITIVE_INFINITY;
}

/** The known ones of a few values, sorted by insertion: many times faster than `sort` on so few. */
function ascending(values: Float64Array, first: number, end: number): number[] {
  const sorted: number[] = [];
  for (let i = first; i < end; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    let at = sorted.length;
    for (; at > 0 && (sorted[at - 1] as number) > value; at--) sorted[at] = sorted[at - 1] as number;
    sorted[at] = value;
  }
  return sorted;
}
