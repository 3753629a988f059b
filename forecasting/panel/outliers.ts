/**
 * Purpose: readings that no value around them explains: a meter that jumps to 250 times its load
 * for an hour. They are treated as unknown.
 * Invariants: a pure function of the last `outlierMemory` intervals up to a reading, so that a long
 * and a short panel agree, and nothing after a reading decides about it; a change that comes step
 * by step is believed, and one that lasts a quarter of a day from then on; scaling or shifting a
 * series changes nothing.
 * Fails: never; a series that shows less than a week, or never moves, has no outlier.
 */
import { type Panel, targetOf } from './panel.ts';

/** The seasons of a grid that outliers are judged by. */
interface OutlierSeasons {
  readonly day: number;
  readonly week: number;
}

/** What is usual for a series is taken from this many blocks (days) before the reading's own. */
const BLOCKS = 28;
const MIN_BLOCKS = 7;
/** An outlier lies further from its references than this many times the usual distance, … */
const USUAL = 20;
/** … than this many times the largest distance of a block, the largest two left out, … */
const LARGEST = 4;
const LARGEST_RANK = 3;
/** … and than the usual range of a block. At most so many days are compared with one by one. */
const MAX_DAYS = 7;

/** Intervals of a block: a day, or seven intervals where the grid is no finer than that. */
const blockOf = ({ day, week }: OutlierSeasons): number => (day > 1 ? day : Math.min(7, week));

/** Intervals up to a reading that decide whether it is an outlier. */
export const outlierMemory = (seasons: OutlierSeasons): number =>
  (BLOCKS + 1) * blockOf(seasons) + seasons.week + 2 * seasons.day;

/** The panel with its outliers unknown. */
export function withoutOutliers(panel: Panel, seasons: OutlierSeasons): Panel {
  const target = panel.columns.target.slice();
  for (let series = 0; series < panel.seriesIds.length; series++) {
    const first = series * panel.length;
    for (const t of outliersOf(targetOf(panel, series), panel, seasons))
      target[first + t] = Number.NaN;
  }
  return { ...panel, columns: { ...panel.columns, target } };
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
  const distances = distancesOf(values, referencesOf(seasons));
  const count = Math.ceil((values.length + ahead) / size);
  const blocks: Blocks = {
    means: new Float64Array(count).fill(Number.NaN),
    largest: new Float64Array(count).fill(Number.NaN),
    ranges: new Float64Array(count).fill(Number.NaN),
  };
  const isFar = new Uint8Array(values.length);
  const found: number[] = [];
  for (let block = 0; block < count; block++) {
    const first = Math.max(0, block * size - ahead);
    const end = Math.min(values.length, (block + 1) * size - ahead);
    describeBlock(blocks, block, values.subarray(first, end), distances.subarray(first, end));
    // Most blocks end here: what a limit needs is sorted only where one may be exceeded.
    if (!((blocks.largest[block] as number) > leastLimit(blocks, block))) continue;
    const limit = limitOf(blocks, block);
    for (let t = first; t < end; t++) {
      if (!((distances[t] as number) > limit)) continue;
      isFar[t] = 1;
      if (isSudden(values, isFar, t, limit, seasons)) found.push(t);
    }
  }
  return found;
}

/** How many intervals before a reading its references lie. */
function referencesOf({ day, week }: OutlierSeasons): number[] {
  if (day > 1) return [Math.ceil(day / 4), day, week];
  return [...Array.from({ length: Math.min(MAX_DAYS, week) }, (_, i) => i + 1), week];
}

/**
 * Whether a far reading comes with a jump that is not yet old: demand that climbs step by step is
 * none, nor is what has been far for a quarter of the day before.
 */
function isSudden(
  values: Float32Array,
  isFar: Uint8Array,
  t: number,
  limit: number,
  { day }: OutlierSeasons,
): boolean {
  const lasting = Math.ceil(day / 4);
  let farOfDay = 0;
  for (let back = 1; back <= day && back <= t; back++) farOfDay += isFar[t - back] as number;
  if (farOfDay >= lasting) return false;
  for (let from = t; from > t - lasting && isFar[from] === 1; from--) {
    const step = Math.abs((values[from] as number) - (values[from - 1] ?? Number.NaN));
    if (!(step <= limit)) return true;
  }
  return false;
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

/** Of each block of a series; NaN where nothing is known. */
interface Blocks {
  /** Mean and largest distance. */
  readonly means: Float64Array;
  readonly largest: Float64Array;
  /** Greatest value less the least. */
  readonly ranges: Float64Array;
}

function describeBlock(
  blocks: Blocks,
  block: number,
  values: Float32Array,
  distances: Float32Array,
): void {
  let sum = 0;
  let known = 0;
  let largest = 0;
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const distance = distances[i] as number;
    if (Number.isNaN(distance)) continue;
    const value = values[i] as number;
    sum += distance;
    known++;
    if (distance > largest) largest = distance;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (known === 0) return;
  blocks.means[block] = sum / known;
  blocks.largest[block] = largest;
  blocks.ranges[block] = greatest - least;
}

/** One of the terms of `limitOf`, which is the largest of them: found without sorting. */
function leastLimit({ largest }: Blocks, block: number): number {
  const tops = new Float64Array(LARGEST_RANK);
  for (let i = Math.max(0, block - BLOCKS); i < block; i++) {
    let value = largest[i] as number;
    // Keeps the highest in order; an unknown one displaces none.
    for (let rank = 0; rank < LARGEST_RANK; rank++) {
      const top = tops[rank] as number;
      if (!(value > top)) continue;
      tops[rank] = value;
      value = top;
    }
  }
  return LARGEST * (tops[LARGEST_RANK - 1] as number);
}

/** The distance beyond which a reading of a block is far; none where too little is known. */
function limitOf({ means, largest, ranges }: Blocks, block: number): number {
  const first = Math.max(0, block - BLOCKS);
  const tops = ascending(largest, first, block);
  if (tops.length < MIN_BLOCKS) return Number.POSITIVE_INFINITY;
  const middle = (values: Float64Array) =>
    ascending(values, first, block)[tops.length >> 1] as number;
  const limit = Math.max(
    USUAL * middle(means),
    LARGEST * (tops.at(-LARGEST_RANK) as number),
    middle(ranges),
  );
  return limit > 0 ? limit : Number.POSITIVE_INFINITY;
}

/** The known ones of a few values, sorted by insertion: many times faster than `sort` on so few. */
function ascending(values: Float64Array, first: number, end: number): number[] {
  const sorted: number[] = [];
  for (let i = first; i < end; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    let at = sorted.length;
    for (; at > 0 && (sorted[at - 1] as number) > value; at--)
      sorted[at] = sorted[at - 1] as number;
    sorted[at] = value;
  }
  return sorted;
}
