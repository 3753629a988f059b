/**
 * Purpose: which series a worker forecasts, or a service serves, where several share them.
 * Invariants: the shards 1…count of any number of series are runs that follow one another in the
 * order of the panel: each series is in exactly one, and no two shards differ by more than one
 * series.
 * Fails: USAGE for an invalid shard.
 */
import { HeadwayError } from '../../../platform/errors.ts';

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** The one that holds all series. */
export const WHOLE: Shard = { index: 1, count: 1 };

/** "3/8" is the third of eight. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text) ?? [];
  if (index !== undefined && Number(index) <= Number(count))
    return { index: Number(index), count: Number(count) };
  throw new HeadwayError('USAGE', `--shard ${JSON.stringify(text)} is not a shard`, {
    fix: 'Write 1/8 for the first of eight, 8/8 for the last.',
  });
}

/** Its series, [from, to) in the order of the panel. */
export function shardRange(series: number, { index, count }: Shard): { from: number; to: number } {
  return {
    from: Math.floor(((index - 1) * series) / count),
    to: Math.floor((index * series) / count),
  };
}

/** Which of so many shards of so many series holds a row. */
export function shardOfRow(row: number, series: number, count: number): Shard {
  return { index: Math.ceil(((row + 1) * count) / series), count };
}

/** As `parseShard` reads it. */
export const shardName = ({ index, count }: Shard): string => `${index}/${count}`;
