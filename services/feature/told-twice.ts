/**
 * Purpose: which rows may tell what another row tells: the hashes of their keys that occur more than once, found in JavaScript because an
 * SQL engine that groups millions of hashes, nearly all of them single, takes ten times as long.
 * Invariants: `hw_suspects` names every hash that occurs twice, by its upper bits; what it names besides costs a look at its rows and nothing
 * else, for suspects are compared by the key itself (interval-sql.ts). Memory is bounded: beyond MOST_AT_ONCE rows the hashes are taken in several passes.
 * Fails: with the engine's errors.
 */
import { type DuckDBConnection, DuckDBDataChunk, UBIGINT } from '@duckdb/node-api';

/** Lower bits of a hash that are not looked at. */
export const UNSUSPECTED_BITS = 21;
/** Hashes are sorted into so many piles, each of which fits into a processor's cache. */
const PILE_BITS = 11;
const PILES = 1 << PILE_BITS;
/** 150 MB of hashes. */
const MOST_AT_ONCE = 1 << 25;
const ROWS_APPENDED = 2048;

/** @param relation the raw rows, @param hash SQL of a UBIGINT of each, @param rows how many there are */
export async function findSuspects(
  connection: DuckDBConnection,
  relation: string,
  hash: string,
  rows: number,
  mostAtOnce = MOST_AT_ONCE,
): Promise<void> {
  await connection.run('CREATE TEMP TABLE hw_suspects (suspect UBIGINT)');
  const passes = Math.ceil(rows / mostAtOnce);
  for (let pass = 0; pass < passes; pass++) {
    // The lowest bits choose the pass, the upper ones the pile: they know nothing of one another.
    const where = passes === 1 ? '' : `WHERE h % ${passes} = ${pass}`;
    const piles = openPiles(rows / passes);
    const reader = await connection.stream(`SELECT h FROM (SELECT ${hash} AS h FROM ${relation}) ${where}`);
    let next = reader.fetchChunk();
    for (let chunk = await next; chunk && chunk.rowCount > 0; chunk = await next) {
      // The engine goes on while these are sorted.
      next = reader.fetchChunk();
      piles.add((chunk.getColumnVector(0) as unknown as { items: BigUint64Array }).items);
    }
    await keep(connection, piles.repeated());
  }
}

interface Piles {
  add(hashes: BigUint64Array): void;
  /** The upper 43 bits of hashes that may be those of another. */
  repeated(): number[];
}

function openPiles(expected: number): Piles {
  const each = expected / PILES;
  // Ten deviations more than chance makes of different hashes.
  const height = Math.ceil(each + 10 * Math.sqrt(each)) + 32;
  const values = new Uint32Array(PILES * height);
  const tops = Uint32Array.from({ length: PILES }, (_, pile) => pile * height);
  // A pile is full where many rows tell the same: what finds no room is named without a look at the others.
  const found: number[] = [];
  return {
    add(hashes) {
      const halves = new Uint32Array(hashes.buffer, hashes.byteOffset, 2 * hashes.length);
      for (let i = 0; i < halves.length; i += 2) {
        const high = halves[i + 1] as number;
        const pile = high >>> (32 - PILE_BITS);
        const top = tops[pile] as number;
        const value = ((high << PILE_BITS) | ((halves[i] as number) >>> UNSUSPECTED_BITS)) >>> 0;
        if (top === (pile + 1) * height) found.push(pile * 2 ** 32 + value);
        else {
          values[top] = value;
          tops[pile] = top + 1;
        }
      }
    },
    repeated() {
      const table = tableFor(height);
      for (let pile = 0; pile < PILES; pile++) {
        for (const value of repeatedIn(values.subarray(pile * height, tops[pile]), table)) found.push(pile * 2 ** 32 + value);
      }
      return found;
    },
  };
}

/** Slots of a table with open addressing, at least twice as many as values. */
interface Table {
  readonly slots: Uint32Array;
  /** 1: taken, 2: taken more than once. */
  readonly seen: Uint8Array;
}

function tableFor(values: number): Table {
  const slots = 2 ** Math.ceil(Math.log2(2 * values + 2));
  return { slots: new Uint32Array(slots), seen: new Uint8Array(slots) };
}

/** The values that occur more than once. */
function repeatedIn(values: Uint32Array, { slots, seen }: Table): number[] {
  seen.fill(0);
  const mask = slots.length - 1;
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    let slot = value & mask;
    while (seen[slot] !== 0 && slots[slot] !== value) slot = (slot + 1) & mask;
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
