import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { csvHeader, csvTable, openCsvFile } from '../../../../platform/duckdb/csv-table.ts';
import { sql } from '../../../fixtures/feature-fixture.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-csv-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = async (name: string, content: string | Buffer) => {
  const path = join(folder, name);
  await writeFile(path, /\.gz$/i.test(name) ? gzipSync(content) : content);
  return openCsvFile(path, { id: 'id', value: /^val(ue)?$/i }, { note: 'note' });
};
const rowsIn = async (...files: Awaited<ReturnType<typeof open>>[]) =>
  sql(`SELECT id, value, note, hw_file, hw_bad_line FROM ${csvTable(files)}`);

describe('CSV files as one table', () => {
  test('finds columns by name in each file, for any separator', async () => {
    const files = [
      await open('a.csv', '\uFEFFid,value\n1,10\n2,20\n'),
      await open('b.csv', 'id,value\r\n3,30'),
      await open('c.CSV.GZ', 'Value;more;ID\n"4,5";x;4\n'),
      await open('d.tsv', '"id"\t note\tval\n5\t"a ""b"" c"\t 50 \n\n6\t\t\n'),
      await open('e.csv', 'id|value\n'),
    ];
    expect(await rowsIn(...files)).toEqual([
      ['1', '10', '', 'a.csv', false],
      ['2', '20', '', 'a.csv', false],
      ['3', '30', '', 'b.csv', false],
      ['4', '4,5', '', 'c.CSV.GZ', false],
      ['5', '50', 'a "b" c', 'd.tsv', false],
      ['6', '', '', 'd.tsv', false],
    ]);
    const columns = await sql(`DESCRIBE SELECT * FROM ${csvHeader(files)}`);
    expect(columns.map(([name]) => name)).toEqual(['id', 'value', 'more', 'note', 'val']);
  });

  test('marks a line with wrong fields or quotes as a bad line', async () => {
    const file = await open('bad.csv', 'id,value\n1\n2,a,b\n3,"x"y\n4,x"y"\n5,"a,b"\n6,\n');
    const rows = await rowsIn(file);
    expect(rows.map(([, , , , isBad]) => isBad)).toEqual([true, true, true, true, false, false]);
    expect(rows[4]?.[1]).toBe('a,b');
  });

  test.each<[string, string | Buffer, string]>([
    ['no header', '1,10\n2,20\n', 'line 1 has no column id, val(ue)?: expected is'],
    ['a missing column', 'id,amount\n', 'found is "id,amount"'],
    ['a column twice', 'id,value,ID\n', 'line 1 has 2 columns id'],
    [
      'Latin-1',
      Buffer.from('id,value\n1,2\n3,Caf\xe9\n', 'latin1'),
      'line 3 is not UTF-8: "3,Café"',
    ],
    ['UTF-16', Buffer.from('\uFEFFid,value\n', 'utf16le'), 'line 1 is UTF-16; UTF-8 is expected'],
    ['UTF-16 without a mark', Buffer.from('id,value\n', 'utf16le'), 'line 1 has a NUL byte'],
    ['a quote that stays open', 'id,value\n1,2\n2,"x\n3,4\n', 'line 3 has a quote that does not'],
    ['mixed line ends', 'id,value\n1,2\r\n', 'line 2 ends in CRLF, and the lines before it in LF'],
    ['a stray CR', 'id,value\r\n1,2\r3,4\r\n', 'line 2 ends in CR, and the lines'],
    ['nothing', '', 'is empty'],
    ['an endless line', `id,value\n${'x'.repeat(2_100_000)}`, 'line 2 has more than'],
  ])('refuses %s with the file and the line', async (_what, content, message) => {
    const error = await open('odd.csv', content).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'RAW_FILE_INVALID' });
    expect(error.message).toContain(`odd.csv ${message}`.replace('odd.csv found', 'found'));
    expect(error.where).toContain(join(folder, 'odd.csv'));
  });

  test('refuses a compressed file that is truncated or not compressed', async () => {
    const path = join(folder, 'cut.csv.gz');
    const whole = gzipSync(
      `id,value\n${Array.from({ length: 500 }, (_, i) => `${i},${i * i}\n`).join('')}`,
    );
    for (const content of [whole.subarray(0, 300), Buffer.from('id,value\n1,2\n')]) {
      await writeFile(path, content);
      await expect(openCsvFile(path, { id: 'id' })).rejects.toMatchObject({
        code: 'RAW_FILE_INVALID',
        message: expect.stringContaining('cut.csv.gz cannot be read to its end'),
      });
    }
    // Two members, as `cat a.gz b.gz` makes them.
    await writeFile(path, Buffer.concat([gzipSync('id,value\n1,2\n'), gzipSync('3,4\n')]));
    const file = await openCsvFile(path, { id: 'id' });
    expect(await sql(`SELECT id FROM ${csvTable([file])}`)).toEqual([['1'], ['3']]);
  });
});
