/**
 * Purpose: which rows may tell what another row tells: the hashes of their keys that occur more
 * than once. The SQL engine lays them on piles, and JavaScript looks through each: an engine that
 * groups millions of hashes, nearly all of them single, takes four times as long.
 * Invariants: `hw_suspects` names every hash that occurs twice, by its upper bits; what it names
 * besides costs a look at its rows and nothing else, for suspects are compared by the key itself
 * (interval-sql.ts). Memory is bounded: of many rows the hashes are taken in several passes.
 * Fails: with the engine's errors; INTERNAL where not every row was looked at.
 */
import { type DuckDBConnection, DuckDBDataChunk, UBIGINT } from '@duckdb/node-api';
import { columnItems, columnLists } from '../../../platform/duckdb/session.ts';
import { HeadwayError } from '../../../platform/errors.ts';

/** Lower bits of a hash that are not looked at. */
export const UNSUSPECTED_BITS = 24;
/** The upper bits choose one of 256 piles; what is left of a hash has 32 bits. */
const PILE_BITS = 64 - 32 - UNSUSPECTED_BITS;
/**
 * Bytes of the engine's memory that a hash takes on its pile: four, twice while the pile grows, and
 * four when it is handed over.
 */
const BYTES_PER_HASH = 20;
/**
 * A pile that is larger than chance makes any holds the same again and again: then a table would
 * take more memory than time is worth.
 */
const MAX_IN_TABLE = 2 ** 20;
const ROWS_APPENDED = 2048;

/** How many hashes are laid on piles at once. */
export const hashesWithin = (memoryLimitMb: number): number =>
  Math.floor((memoryLimitMb * 2 ** 20) / BYTES_PER_HASH);

/**
 * @param relation the raw rows
 * @param hash SQL of a UBIGINT of each
 * @param rows how many there are
 */
export async function findSuspects(
  connection: DuckDBConnection,
  {
    relation,
    hash,
    rows,
    maxAtOnce,
  }: { relation: string; hash: string; rows: number; maxAtOnce: number },
): Promise<void> {
  await connection.run('CREATE TEMP TABLE hw_suspects (suspect UBIGINT)');
  const passes = Math.ceil(rows / maxAtOnce);
  let looked = 0;
  for (let pass = 0; pass < passes; pass++) {
    // The lowest bits choose the pass, the upper ones the pile: they know nothing of one another.
    const where = passes === 1 ? '' : `WHERE h % ${passes} = ${pass}`;
    const piles = await connection.stream(`
      SELECT (h >> ${64 - PILE_BITS})::INTEGER AS pile, list(((h >> ${UNSUSPECTED_BITS}) & ${2 ** 32 - 1})::UINTEGER)
      FROM (SELECT ${hash} AS h FROM ${relation}) ${where} GROUP BY pile`);
    const suspects: number[] = [];
    for await (const chunk of piles) {
      const { childData, boundsOf } = columnLists<{ items: Uint32Array }>(chunk, 1);
      for (const [row, pile] of columnItems<Int32Array>(chunk, 0).entries()) {
        const values = childData.items.subarray(...boundsOf(row));
        looked += values.length;
        for (const value of repeatedIn(values)) suspects.push(pile * 2 ** 32 + value);
      }
    }
    // Not before the end of the stream: whatever else its connection does ends it.
    await keep(connection, suspects);
  }
  if (looked !== rows)
    throw new HeadwayError(
      'INTERNAL',
      `of ${rows} rows ${looked} were looked at for what is told twice`,
    );
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

async function keep(connection: DuckDBConnection, suspects: readonly number[]): Promise<void> {
  const appender = await connection.createAppender('hw_suspects');
  for (let first = 0; first < suspects.length; first += ROWS_APPENDED) {
    const chunk = DuckDBDataChunk.create([UBIGINT]);
    chunk.setColumns([suspects.slice(first, first + ROWS_APPENDED).map(BigInt)]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
