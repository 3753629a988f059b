/**
 * Purpose: tables of typed columns as Arrow and Parquet, read back by the libraries' own readers.
 * Invariants: nulls stay nulls, times are UTC; the Arrow of several readers is tested by
 * tests/readers.
 * Fails: with the value that differs.
 */
import { describe, expect, test } from '@jest/globals';
import { encodeTable } from '../../../../platform/tables/encode-table.ts';
import { type Table, type TableFormat, textColumn } from '../../../../platform/tables/table.ts';
import { rowsOf } from '../../../fixtures/inference/table-rows.ts';

const AT = Date.UTC(2026, 2, 1, 17);
const TABLE: Table = [
  textColumn('id', ['b', 'a"ü☃', null, 'b']),
  { name: 'at', kind: 'time', values: Float64Array.of(AT, AT + 1, Number.NaN, -1) },
  { name: 'count', kind: 'integer', values: Float64Array.of(2 ** 53 - 1, -3, 0, Number.NaN) },
  { name: 'mean', kind: 'double', values: Float64Array.of(0.1, Number.NaN, -0, 1e300) },
  { name: 'q0.5', kind: 'float', values: Float32Array.of(0.1, 1.5, Number.NaN, 0) },
];
const ROWS = [
  { id: 'b', at: AT, count: 2 ** 53 - 1, mean: 0.1, 'q0.5': Math.fround(0.1) },
  { id: 'a"ü☃', at: AT + 1, count: -3, mean: null, 'q0.5': 1.5 },
  { id: null, at: null, count: 0, mean: -0, 'q0.5': null },
  { id: 'b', at: -1, count: null, mean: 1e300, 'q0.5': 0 },
];

const readBack = async (table: Table, format: TableFormat) =>
  rowsOf(await encodeTable(table, format), format);

describe.each(['arrow', 'parquet'] as const)('tables as %s', (format) => {
  test('keep every type of column and its nulls', async () => {
    expect(await readBack(TABLE, format)).toEqual(ROWS);
  });

  test('may have no rows', async () => {
    const none: Table = [
      textColumn('id', []),
      { name: 'at', kind: 'time', values: new Float64Array(0) },
    ];
    expect(await readBack(none, format)).toEqual([]);
  });

  test('hold more texts and rows than one index or row group', async () => {
    const ids = Array.from({ length: 40_000 }, (_, i) => `series ${i}`);
    const values = Float32Array.from(ids, (_, i) => i);
    const rows = await readBack(
      [textColumn('id', ids), { name: 'y', kind: 'float', values }],
      format,
    );
    expect(rows).toHaveLength(40_000);
    for (const i of [0, 8191, 8192, 32_767, 32_768, 39_999])
      expect(rows[i]).toMatchObject({ id: `series ${i}`, y: i });
  });

  test('are encoded without blocking other work', async () => {
    const values = Float32Array.from({ length: 200_000 }, (_, i) => i % 977);
    const ids = Array.from(values, (value) => (value === 5 ? null : `series ${value}`));
    const table: Table = [textColumn('id', ids), { name: 'y', kind: 'float', values }];
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    const bytes = await encodeTable(table, format);
    isDone = true;
    expect(turns).toBeGreaterThan(5);
    const rows = await rowsOf(bytes, format);
    expect(rows).toHaveLength(values.length);
    for (const [i, row] of rows.entries())
      if (row.id !== ids[i] || row.y !== values[i]) throw new Error(`row ${i} differs`);
  });

  test('refuse columns of different lengths', async () => {
    const uneven: Table = [textColumn('id', ['a']), ...TABLE.slice(1)];
    await expect(encodeTable(uneven, format)).rejects.toThrow('columns have 1 and 4 rows');
  });
});
