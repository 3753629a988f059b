/**
 * Purpose: which shard serves a series that this service does not, from what it knows of the view
 * without reading more of it.
 * Invariants: of a range that was read for this shard each id is known, and so is that there is no
 * such series. Of any other range only the ids that bound it are: the reply is a shard that reads
 * it, which then knows; so whoever follows the replies ends, after two at most, where the series
 * is or is known not to be.
 * Fails: never.
 */
import type { OnlineSnapshot } from '../../../storage/features/online/online-snapshot.ts';
import { type Shard, shardName, shardOfRow, shardRange } from './shard.ts';

export interface ShardDirectory {
  /** This shard, as `2/8`. */
  readonly name: string;
  /** Series of the whole view. */
  readonly storeSeries: number;
  /**
   * The shard to ask for a series that is not in this one, as `5/8`; null where the view has no
   * such series.
   */
  shardOf(seriesId: string): string | null;
}

/** @param read the ids of each range that was read, by its index */
export function shardDirectory(
  shard: Shard,
  { series, ranges, rangeOf }: Pick<OnlineSnapshot, 'series' | 'ranges' | 'rangeOf'>,
  read: ReadonlyMap<number, readonly string[]>,
): ShardDirectory {
  const own = shardRange(series, shard);
  const nameOf = (row: number) => shardName(shardOfRow(row, series, shard.count));
  // What is left of ranges that are shared with other shards: two at most, of many.
  const others = new Map<string, string>();
  for (const [index, ids] of read) {
    const { from } = ranges[index] as { from: number };
    for (const [i, id] of ids.entries()) {
      const row = from + i;
      if (row < own.from || row >= own.to) others.set(id, nameOf(row));
    }
  }
  return {
    name: shardName(shard),
    storeSeries: series,
    shardOf(seriesId) {
      const index = rangeOf(seriesId);
      if (read.has(index)) return others.get(seriesId) ?? null;
      const { from, to } = ranges[index] as { from: number; to: number };
      return nameOf(Math.floor((from + to - 1) / 2));
    },
  };
}
