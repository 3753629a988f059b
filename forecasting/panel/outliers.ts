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
  const references = referencesOf(seasons);
  const distances = new Float32Array(size);
  const count = Math.ceil((values.length + ahead) / size);
  const blocks: Blocks = {
    means: new Float64Array(count).fill(Number.NaN),
    largest: new Float64Array(count).fill(Number.NaN),
    ranges: new Float64Array(count).fill(Number.NaN),
  };
  let isFar: Uint8Array | null = null;
  const found: number[] = [];
  for (let block = 0; block < count; block++) {
    const first = Math.max(0, block * size - ahead);
    const end = Math.min(values.length, (block + 1) * size - ahead);
    writeDistances(distances, values, first, end, references);
    describeBlock(blocks, block, values, first, end, distances);
    // Most blocks end here: what a limit needs is sorted only where one may be exceeded.
    if (!isBeyondLargest(blocks, block)) continue;
    const limit = limitOf(blocks, block);
    for (let t = first; t < end; t++) {
      if (!((distances[t - first] as number) > limit)) continue;
      isFar ??= new Uint8Array(values.length);
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

/** The distances of [first, end), from the first place on. */
function writeDistances(
  distances: Float32Array,
  values: Float32Array,
  first: number,
  end: number,
  references: readonly number[],
): void {
  const [a = 0, b = 0, c = 0] = references;
  const isUsual = references.length === 3 && first >= Math.max(a, b, c);
  for (let t = first; t < end; t++) {
    const value = values[t] as number;
    // Without a branch where all is known, which is nearly everywhere.
    const nearest = isUsual
      ? Math.min(
          Math.abs(value - (values[t - a] as number)),
          Math.abs(value - (values[t - b] as number)),
          Math.abs(value - (values[t - c] as number)),
        )
      : Number.NaN;
    distances[t - first] = Number.isNaN(nearest) ? distanceAt(values, t, references) : nearest;
  }
}

/** How far a value lies from the nearest of its references; NaN where it or all are unknown. */
function distanceAt(values: Float32Array, t: number, references: readonly number[]): number {
  const value = values[t] as number;
  let nearest = Number.NaN;
  for (let i = 0; i < references.length; i++) {
    const back = references[i] as number;
    if (back > t) continue;
    const difference = value - (values[t - back] as number);
    const distance = difference < 0 ? -difference : difference;
    // Written so that an unknown distance gives way; rounded, as what is compared with later is.
    if (!(nearest <= distance) && !Number.isNaN(distance)) nearest = Math.fround(distance);
  }
  return nearest;
}

/** Of each block of a series; NaN where nothing is known. */
interface Blocks {
  /** Mean and largest distance. */
  readonly means: Float64Array;
  readonly largest: Float64Array;
  /** Greatest value less the least. */
  readonly ranges: Float64Array;
}

/** @param distances of the block's own values alone */
function describeBlock(
  blocks: Blocks,
  block: number,
  values: Float32Array,
  first: number,
  end: number,
  distances: Float32Array,
): void {
  let sum = 0;
  let known = 0;
  let largest = 0;
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let t = first; t < end; t++) {
    const distance = distances[t - first] as number;
    if (Number.isNaN(distance)) continue;
    const value = values[t] as number;
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

/**
 * Whether the largest distance of a block is beyond one of the terms of `limitOf`, which is the
 * largest of them: found without sorting, as soon as enough blocks before it show as much.
 */
function isBeyondLargest({ largest }: Blocks, block: number): boolean {
  const own = largest[block] as number;
  if (!(own > 0)) return false;
  let asLarge = 0;
  for (let i = block - 1; i >= Math.max(0, block - BLOCKS); i--)
    if (LARGEST * (largest[i] as number) >= own && ++asLarge === LARGEST_RANK) return false;
  return true;
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
