/**
 * Purpose: a sheet of a workbook is read as any table: its times, numbers and names, row by row.
 * Invariants: the workbook is written by other code than the reader's.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Table } from '../../../../domains/sources/table-declaration.ts';
import { tableRows } from '../../../../domains/sources/table-rows.ts';
import { sql } from '../../../fixtures/feature-fixture.ts';
import { type Cell, workbookFile } from '../../../fixtures/workbook-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-workbook-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const HEADER = ['When', 'Shop', 'Sales'];
const at = (day: number, hour: number, second = 0) =>
  new Date(Date.UTC(2024, 2, day, hour, 0, second));
const table: Table = { time: 'When', series: 'Shop', value: 'Sales' };

async function read(sheets: Record<string, Cell[][]>, more: Partial<Table> = {}) {
  const path = join(folder, 'book.xlsx');
  await writeFile(path, workbookFile(sheets));
  return tableRows({ ...table, ...more }, [path], () => 'book.xlsx', folder);
}

const valuesOf = async (rows: Awaited<ReturnType<typeof read>>) =>
  sql(
    `SELECT hw_line::INTEGER, hw_series, strftime(hw_local_time, '%d %H:%M:%S') AS t, hw_value
     FROM ${rows.evidence} ORDER BY hw_line`,
  );

test('reads times as shown to the second, and names and numbers unchanged', async () => {
  const hours = Array.from({ length: 24 }, (_, hour): Cell[] => [at(31, hour), 'A', hour * 1.5]);
  const rows = await read({
    Sales: [HEADER, ...hours, [null, null, null], [at(1, 13, 15), 'Köln, "B"', 1e21]],
  });
  const found = await valuesOf(rows);
  expect(found).toEqual([
    ...hours.map((_, hour) => [
      ...[2 + hour, 'A', `31 ${String(hour).padStart(2, '0')}:00:00`],
      hour * 1.5,
    ]),
    [27, 'Köln, "B"', '01 13:00:15', 1e21],
  ]);
});

test('rejects a row with an invalid number or time, by its line', async () => {
  const rows = await read({ Sales: [HEADER, [at(1, 0), 'A', 'many'], ['soon', 'A', 3]] });
  expect(await valuesOf(rows)).toEqual([
    [2, 'A', '01 00:00:00', null],
    [3, 'A', null, 3],
  ]);
});

test('rejects a row with a time outside the calendar, by its line', async () => {
  const far = Object.assign(new Date(0), { getTime: () => 1e17 });
  const rows = await read({ Sales: [HEADER, [at(1, 0), 'A', 1], [far, 'A', 2]] });
  expect(await valuesOf(rows)).toEqual([
    [2, 'A', '01 00:00:00', 1],
    [3, 'A', null, 2],
  ]);
});

test('reads the only sheet with cells, or the one that is named', async () => {
  const sales: Cell[][] = [HEADER, [at(1, 0), 'A', 7]];
  const sheets = { Notes: [['to do']] as Cell[][], Sales: sales };
  expect(await valuesOf(await read({ Empty: [], Sales: sales }))).toHaveLength(1);
  expect(await valuesOf(await read(sheets, { sheet: 'Sales' }))).toHaveLength(1);
  await expect(read(sheets)).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    message: '2 sheets of the workbook have cells: "Notes", "Sales"',
    fix: expect.stringContaining('--sheet'),
  });
  await expect(read(sheets, { sheet: 'sales' })).rejects.toMatchObject({
    message: 'the workbook has no sheet "sales" with cells: "Notes", "Sales"',
  });
});

test('skips lines before the header', async () => {
  const rows = await read(
    { Sales: [['Report of March'], HEADER, [at(1, 0), 'A', 7]] },
    { skipLines: 1 },
  );
  expect(await valuesOf(rows)).toEqual([[3, 'A', '01 00:00:00', 7]]);
});

test('refuses a file that is not a workbook by name', async () => {
  const path = join(folder, 'wrong.xlsx');
  await writeFile(path, 'When,Shop,Sales\n');
  await expect(tableRows(table, [path], () => 'wrong.xlsx', folder)).rejects.toMatchObject({
    code: 'RAW_FILE_INVALID',
    where: expect.stringContaining('wrong.xlsx'),
  });
});
