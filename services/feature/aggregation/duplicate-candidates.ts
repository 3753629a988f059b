/**
 * Purpose: which rows may tell what another row tells: the hashes of their keys that occur more
 * than once. The SQL engine lays them on partitions, and JavaScript looks through each: an engine that
 * groups millions of hashes, nearly all of them single, takes four times as long.
 * Invariants: `hw_candidates` names every hash that occurs twice, by its upper bits; what it names
 * besides costs a look at its rows and nothing else, for candidates are compared by the key itself
 * (interval-sql.ts). Memory is bounded: of many rows the hashes are taken in several passes.
 * Fails: with the engine's errors; INTERNAL where not every row was looked at.
 */
import { type DuckDBConnection, DuckDBDataChunk, UBIGINT } from '@duckdb/node-api';
import { columnItems, columnLists } from '../../../platform/duckdb/session.ts';
import { HeadwayError } from '../../../platform/errors.ts';

/** Lower bits of a hash that are not looked at. */
export const IGNORED_BITS = 24;
/** The upper bits choose one of 256 partitions; what is left of a hash has 32 bits. */
const PARTITION_BITS = 64 - 32 - IGNORED_BITS;
/**
 * Bytes of the engine's memory that a hash takes on its partition: four, twice while the partition grows, and
 * four when it is handed over.
 */
const BYTES_PER_HASH = 20;
/**
 * A partition that is larger than chance makes any holds the same again and again: then a table would
 * take more memory than time is worth.
 */
const MAX_IN_TABLE = 2 ** 20;
const ROWS_APPENDED = 2048;

/** How many hashes are laid on partitions at once. */
export const hashesWithin = (memoryLimitMb: number): number =>
  Math.floor((memoryLimitMb * 2 ** 20) / BYTES_PER_HASH);

/**
 * @param relation the raw rows
 * @param hash SQL of a UBIGINT of each
 * @param rows how many there are
 */
export async function findDuplicateCandidates(
  connection: DuckDBConnection,
  {
    relation,
    hash,
    rows,
    maxAtOnce,
  }: { relation: string; hash: string; rows: number; maxAtOnce: number },
): Promise<void> {
  await connection.run('CREATE TEMP TABLE hw_candidates (candidate UBIGINT)');
  const passes = Math.ceil(rows / maxAtOnce);
  let looked = 0;
  for (let pass = 0; pass < passes; pass++) {
    // The lowest bits choose the pass, the upper ones the partition: they know nothing of one another.
    const where = passes === 1 ? '' : `WHERE h % ${passes} = ${pass}`;
    const partitions = await connection.stream(`
      SELECT (h >> ${64 - PARTITION_BITS})::INTEGER AS partition, list(((h >> ${IGNORED_BITS}) & ${2 ** 32 - 1})::UINTEGER)
      FROM (SELECT ${hash} AS h FROM ${relation}) ${where} GROUP BY partition`);
    const candidates: number[] = [];
    for await (const chunk of partitions) {
      const { childData, boundsOf } = columnLists<{ items: Uint32Array }>(chunk, 1);
      for (const [row, partition] of columnItems<Int32Array>(chunk, 0).entries()) {
        const values = childData.items.subarray(...boundsOf(row));
        looked += values.length;
        for (const value of repeatedIn(values)) candidates.push(partition * 2 ** 32 + value);
      }
    }
    // Not before the end of the stream: whatever else its connection does ends it.
    await keep(connection, candidates);
  }
  if (looked !== rows)
    throw new HeadwayError('INTERNAL', `duplicate scan covered ${looked} of ${rows} rows`);
}

/**
 * The values that occur more than once: by a table with open addressing, at least twice as large as
 * they are many. Changes their order.
 */
function repeatedIn(values: Uint32Array): number[] {
  if (values.length > MAX_IN_TABLE) {
    values.sort();
    return Array.from(new Set(values.filter((value, i) => i > 0 && value === values[i - 1])));
  }
  const size = 2 ** Math.ceil(Math.log2(2 * values.length + 2));
  const slots = new Uint32Array(size);
  /** 1: taken, 2: taken more than once. */
  const seen = new Uint8Array(size);
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    let slot = value & (size - 1);
    while (seen[slot] !== 0 && slots[slot] !== value) slot = (slot + 1) & (size - 1);
    if (seen[slot] === 1) found.push(value);
    if (seen[slot] !== 2) (seen[slot] as number)++;
    slots[slot] = value;
  }
  return found;
}

async function keep(connection: DuckDBConnection, candidates: readonly number[]): Promise<void> {
  const appender = await connection.createAppender('hw_candidates');
  for (let first = 0; first < candidates.length; first += ROWS_APPENDED) {
    const chunk = DuckDBDataChunk.create([UBIGINT]);
    chunk.setColumns([candidates.slice(first, first + ROWS_APPENDED).map(BigInt)]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
