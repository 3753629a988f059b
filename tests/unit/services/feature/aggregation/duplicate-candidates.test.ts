/**
 * Purpose: no hash that occurs twice escapes, whatever the hashes are, in one pass or several; and
 * few others are named.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withDuckDB } from '../../../../../platform/duckdb/duckdb.ts';
import {
  findDuplicateCandidates,
  IGNORED_BITS,
} from '../../../../../services/feature/aggregation/duplicate-candidates.ts';

test('of more rows than a chunk of the engine holds none is passed over', async () => {
  const found = await withDuckDB({}, async (connection) => {
    const relation = '(SELECT hash(n % 99990) AS key FROM range(100000) AS r(n))';
    await findDuplicateCandidates(connection, {
      relation,
      hash: 'key',
      rows: 100_000,
      maxAtOnce: 60_000,
    });
    const reader = await connection.runAndReadAll(
      'SELECT count(DISTINCT candidate) FROM hw_candidates',
    );
    return reader.getRows()[0]?.[0];
  });
  expect(found).toBe(10n);
});

async function candidatesOf(
  hashes: readonly bigint[],
  maxAtOnce = hashes.length,
): Promise<Set<bigint>> {
  return withDuckDB({}, async (connection) => {
    const values = hashes.map((hash) => `(${hash}::UBIGINT)`).join(', ');
    const relation =
      hashes.length > 0
        ? `(VALUES ${values}) AS raw(key)`
        : '(SELECT 1::UBIGINT AS key WHERE false)';
    await findDuplicateCandidates(connection, {
      relation,
      hash: 'key',
      rows: hashes.length,
      maxAtOnce,
    });
    const reader = await connection.runAndReadAll('SELECT DISTINCT candidate FROM hw_candidates');
    return new Set(reader.getRows().map(([candidate]) => candidate as bigint));
  });
}

const upper = (hash: bigint): bigint => hash >> BigInt(IGNORED_BITS);

/** What occurs more than once. */
const repeated = (values: readonly bigint[]): Set<bigint> =>
  new Set(values.filter((value, index) => values.indexOf(value) !== index));

const ALL = (1n << 64n) - 1n;
// Near one another, at the ends, and anywhere: some share their upper bits, some their partition, some
// only themselves.
const hash = fc.oneof(
  fc.bigInt({ min: 0n, max: 4n }),
  fc.bigInt({ min: ALL - 4n, max: ALL }),
  fc.bigInt({ min: 0n, max: 3n }).map((n) => n << BigInt(IGNORED_BITS)),
  fc.bigInt({ min: 0n, max: ALL }),
);

test('every hash that occurs twice is named, and no more than those that share its upper bits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hash, { maxLength: 30 }), async (hashes) => {
      expect(await candidatesOf(hashes)).toEqual(repeated(hashes.map(upper)));
    }),
    { numRuns: 40 },
  );
});

test('in several passes as well', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(hash, { maxLength: 40 }),
      fc.integer({ min: 3, max: 20 }),
      async (hashes, maxAtOnce) => {
        const found = await candidatesOf(hashes, maxAtOnce);
        for (const twice of repeated(hashes)) expect(found).toContain(upper(twice));
        for (const one of found) expect(repeated(hashes.map(upper))).toContain(one);
      },
    ),
    { numRuns: 40 },
  );
});

test('a file that tells one thing a million times is looked through by sorting', async () => {
  const found = await withDuckDB({}, async (connection) => {
    const relation = `(SELECT CASE WHEN n < 1200000 THEN 5 ELSE 6 + n % 3 END::UBIGINT << ${IGNORED_BITS} AS key FROM range(1200005) AS r(n))`;
    await findDuplicateCandidates(connection, {
      relation,
      hash: 'key',
      rows: 1_200_005,
      maxAtOnce: 2_000_000,
    });
    const reader = await connection.runAndReadAll(
      'SELECT candidate FROM hw_candidates ORDER BY candidate',
    );
    return reader.getRows().map(([candidate]) => candidate);
  });
  expect(found).toEqual([5n, 6n, 7n]);
});

test('one hash that is told again and again does not hide the others of its partition', async () => {
  const heavy = 5n << BigInt(IGNORED_BITS);
  const [single, twice] = [7n << BigInt(IGNORED_BITS), 9n << BigInt(IGNORED_BITS)];
  const found = await candidatesOf([
    twice,
    ...Array.from({ length: 3000 }, () => heavy),
    single,
    twice,
  ]);
  expect(found).toContain(upper(heavy));
  expect(found).toContain(upper(twice));
});
