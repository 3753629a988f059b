/** Purpose: what a declaration of a table reads, by the values and the account of a run. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type TableDomain, tableDomain } from '../../../domains/sources/table.ts';
import type { Table } from '../../../domains/sources/table-declaration.ts';
import { tableRows } from '../../../domains/sources/table-rows.ts';
import { csvFiles } from '../../../platform/duckdb/sql.ts';
import { sampleRows } from '../../../services/feature/sources/raw-part.ts';
import {
  type FeatureFixture,
  featureFixture,
  utc,
  writeParquet,
} from '../../fixtures/feature-fixture.ts';

const base: Omit<TableDomain, 'table'> = {
  name: 'things',
  title: 'Things',
  unit: 'things per hour',
  seriesNoun: 'shop',
  frequencyMinutes: 60,
  timeZone: 'Europe/Berlin',
  seasonLengths: [24, 168],
  horizon: 24,
  missing: 'zero',
  nonNegative: true,
};

let fixture: FeatureFixture;
beforeEach(async () => {
  fixture = await featureFixture(tableDomain({ ...base, table: { time: 't', series: 's' } }));
});
afterEach(() => fixture.remove());

const write = async (name: string, content: string | Buffer) => {
  const path = join(fixture.input, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, name.endsWith('.gz') ? gzipSync(content) : content);
};
/** Reads the input folder as the table says. */
async function read(table: Table, spec = fixture.input, more: Partial<TableDomain> = {}) {
  const domain = tableDomain({ ...base, ...more, table });
  const other = await featureFixture(domain);
  try {
    return await other.read(spec);
  } finally {
    await other.remove();
  }
}
const valuesOf = async (table: Table, more: Partial<TableDomain> = {}) =>
  Object.fromEntries((await read(table, fixture.input, more)).values);

describe('series of a table', () => {
  test('in a column: counts rows, and each fact once', async () => {
    await write(
      'a.csv',
      'id,s,t\n1,A,2024-01-05 10:20:00\n2,A,2024-01-05 10:50\n2,A,2024-01-05 10:50\n3,B,x\n4,,2024-01-05\n5,B\n',
    );
    const { parts, values } = await read({ time: 't', series: 's', once: ['id'] });
    expect(Object.fromEntries(values)).toEqual({ [`A@${utc('2024-01-05T09')}`]: 2 });
    expect(parts[0]).toMatchObject({
      rowsIn: 6,
      rowsUsed: 2,
      rejected: { duplicate: 1, bad_time: 1, missing_series: 1, bad_line: 1 },
    });
  });

  test('in several columns, with a time in two columns', async () => {
    await write('a.csv', 'shop,item,day,hour\nA,1,31.1.2024,9:00\n');
    const table: Table = {
      time: ['day', 'hour'],
      timeFormat: '%d.%m.%Y %H:%M',
      series: ['shop', 'item'],
    };
    expect(await valuesOf(table)).toEqual({ [`A-1@${utc('2024-01-31T08')}`]: 1 });
  });

  test('in column names, where blank cells are no rows', async () => {
    await write('a.csv', 'Time;A_MW;B_MW;note\n2024-01-05 10:00;1,5;;x\n2024-01-05 11:00;NA;2;\n');
    await write('sub/b.csv', 'Time;C_MW\n2024-01-05 10:00;-3\nbad\n');
    const table: Table = { time: 'time', series: { columns: /^(.+)_MW$/ }, decimal: ',' };
    const { parts, values } = await read(table, fixture.input, { nonNegative: false });
    expect(Object.fromEntries(values)).toEqual({
      [`A@${utc('2024-01-05T09')}`]: 1.5,
      [`B@${utc('2024-01-05T10')}`]: 2,
      [`C@${utc('2024-01-05T09')}`]: -3,
    });
    expect(parts[0]).toMatchObject({ rowsIn: 4, rowsUsed: 3, rejected: { bad_line: 1 } });
  });

  test('in file names, each a feed or all one feed', async () => {
    await write('north/x.csv', 't,v\n2024-01-05 10:00,1\n');
    await write('south/x.csv.gz', 't,v\n2024-01-05 10:00,2\n');
    const table: Table = { time: 't', series: { files: /^(\w+)\// }, value: 'v', part: 'file' };
    const { parts, values } = await read(table);
    expect(parts.map(({ name, feed }) => [name, feed])).toEqual([
      ['north/x.csv', 'north/x.csv'],
      ['south/x.csv.gz', 'south/x.csv.gz'],
    ]);
    expect(Object.fromEntries(values)).toEqual({
      [`north@${utc('2024-01-05T09')}`]: 1,
      [`south@${utc('2024-01-05T09')}`]: 2,
    });
    const one = await read(
      { time: 't', series: { only: 'all' }, value: 'v' },
      join(fixture.input, 'north/x.csv'),
    );
    expect([...one.values.keys()]).toEqual([`all@${utc('2024-01-05T09')}`]);
  });
});

describe('times of a table', () => {
  test.each<[string, string, Partial<Table>, string]>([
    ['a 12-hour clock', '7/4/2024 1:05 PM', { timeFormat: '%m/%d/%Y %I:%M %p' }, '2024-07-04T11'],
    ['the first format that fits', '4.7.24', { timeFormat: ['iso', '%d.%m.%y'] }, '2024-07-03T22'],
    ['Z', '2024-07-04T11:05:00Z', {}, '2024-07-04T11'],
    ['an offset', '2024-07-04 11:05+02:00', {}, '2024-07-04T09'],
    ['another clock', '2024-07-04 11:05', { clock: 'UTC' }, '2024-07-04T11'],
    ['a third clock', '2024-07-04 11:05', { clock: 'America/New_York' }, '2024-07-04T15'],
    ['the end of an interval', '2024-07-04 11:00', { timeOf: 'end' }, '2024-07-04T08'],
    ['epoch seconds', '1720091100', { timeFormat: 'epoch-s' }, '2024-07-04T11'],
    ['epoch milliseconds', '1720091100123', { timeFormat: 'epoch-ms' }, '2024-07-04T11'],
    ['SQL', '20240704 11', { time: { sql: "strptime(t, '%Y%m%d %H')" } }, '2024-07-04T09'],
    ['SQL that is text', 'x2024-07-04', { time: { sql: 'substr(t, 2)' } }, '2024-07-03T22'],
  ])('reads %s', async (_what, text, table, expected) => {
    await write('a.csv', `s,t\nA,${text}\n`);
    expect(await valuesOf({ time: 't', series: 's', ...table })).toEqual({
      [`A@${utc(expected)}`]: 1,
    });
  });

  test('refuses an unknown clock', async () => {
    await write('a.csv', 's,t\nA,2024-07-04\n');
    await expect(read({ time: 't', series: 's', clock: 'Mars' })).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
    });
  });
});

describe('formats of a table', () => {
  test('reads Parquet columns as they are', async () => {
    await mkdir(join(fixture.input, 'y=2024'));
    const rows = (time: string) => `SELECT 7::INTEGER AS s, ${time} AS t, 2.5::FLOAT AS v`;
    await writeParquet(
      join(fixture.input, 'y=2024/a.parquet'),
      rows("TIMESTAMP '2024-07-04 11:05'"),
    );
    await writeParquet(
      join(fixture.input, 'y=2024/b.parquet'),
      rows("TIMESTAMPTZ '2024-07-04 11:05:00+00'"),
    );
    expect(await valuesOf({ time: 't', series: 's', value: 'v' })).toEqual({
      [`7@${utc('2024-07-04T09')}`]: 2.5,
      [`7@${utc('2024-07-04T11')}`]: 2.5,
    });
  });

  test('reads JSON lines, and a line that is not an object is a bad line', async () => {
    await write(
      'a.jsonl',
      '{"s":"A","t":"2024-07-04T11:05:00Z","n":"a \\" b"}\n{"s":\n[1]\n{"t":1720091100,"s":"A"}\n',
    );
    const { parts, values } = await read({
      time: 't',
      series: 's',
      timeFormat: ['iso', 'epoch-s'],
    });
    expect(Object.fromEntries(values)).toEqual({ [`A@${utc('2024-07-04T11')}`]: 2 });
    expect(parts[0]).toMatchObject({ rowsIn: 4, rejected: { bad_line: 2 } });
  });

  test('skips lines before the header, and reads no header and other encodings', async () => {
    await write('a.csv', 'Report\n\ns;t\nA;2024-07-04 11:05\n');
    expect(await valuesOf({ time: 't', series: 's', skipLines: 2 })).toEqual({
      [`A@${utc('2024-07-04T09')}`]: 1,
    });
    await write('a.csv', 'A\t2024-07-04 11:05\n');
    expect(await valuesOf({ time: 'c2', series: 'c1', header: false, delimiter: '\t' })).toEqual({
      [`A@${utc('2024-07-04T09')}`]: 1,
    });
    await write('a.csv', Buffer.from('s,t\nCafé,2024-07-04 11:05\n', 'latin1'));
    expect(await valuesOf({ time: 't', series: 's', encoding: 'windows-1252' })).toEqual({
      [`Café@${utc('2024-07-04T09')}`]: 1,
    });
    // € – as Windows writes them, where Latin-1 has controls.
    await write('a.csv', Buffer.from('s,t\n\x80 \x96 5,2024-07-04 11:05\n', 'latin1'));
    expect(await valuesOf({ time: 't', series: 's', encoding: 'windows-1252' })).toEqual({
      [`€ – 5@${utc('2024-07-04T09')}`]: 1,
    });
  });

  test('refuses two series of one name, however the pattern is written', async () => {
    await write('a.csv', 'time,A,B,B\n2024-07-04 11:05,5,6,7\n');
    for (const columns of [/.+/, /.+/g])
      await expect(read({ time: 'time', series: { columns } })).rejects.toMatchObject({
        ...{ code: 'RAW_FILE_INVALID', message: expect.stringContaining('has 2 columns B') },
      });
  });

  test('a delimiter at the end of the header makes no column for the contract', async () => {
    await write('a.csv', 't,s,\n2024-07-04 11:05,A,\n');
    const path = join(fixture.input, 'a.csv');
    const rows = await tableRows({ time: 't', series: 's' }, [path], () => 'a.csv', '');
    expect(rows.columns).toContain('"s"');
    expect(rows.columns).not.toContain('"c3"');
  });

  test('calls a column without a name by its place, unless another is called so', async () => {
    await write('a.csv', ',A,\n2024-07-04 11:05,5,x\n');
    const wide: Table = { time: 'c1', series: { columns: /.+/ } };
    expect(await valuesOf(wide)).toEqual({ [`A@${utc('2024-07-04T09')}`]: 5 });
    await write('a.csv', ',C2,c1\n7,A,2024-07-04 11:05\n');
    expect(await valuesOf({ time: 'c1', series: 'c2' })).toEqual({
      [`A@${utc('2024-07-04T09')}`]: 1,
    });
  });

  test.each<[Partial<Table>, string, number | null]>([
    [{ decimal: ',', thousands: '.' }, '"1.234,5"', 1234.5],
    [{ decimal: ',' }, '"1.234,5"', null],
    [{ thousands: ',' }, '"1,234"', 1234],
    [{ thousands: ',' }, '"1,23"', null],
    [{ thousands: ' ' }, '1 234', 1234],
    [{}, '"1,5"', null],
    [{}, '1.5e3', 1500],
    [{}, 'inf', null],
  ])('with %j reads the number %s', async (table, text, expected) => {
    await write('a.csv', `s,t,v\nA,2024-07-04 11:05,${text}\nB,2024-07-04 11:05,1\n`);
    const values = await valuesOf({ time: 't', series: 's', value: 'v', ...table });
    expect(values[`A@${utc('2024-07-04T09')}`] ?? null).toBe(expected);
  });
});

test('evidence names file and line of a rejected row', async () => {
  await write('a.csv', 's,t\nA,2024-07-04\n\nA,x\n');
  await write('b/c.csv', 't,s\n2024-07-04,A\nx,\n');
  const table: Table = {
    time: 't',
    series: 's',
    rejections: [{ reason: 'shop_closed', when: "s = ''" }],
  };
  const domain = tableDomain({ ...base, table });
  const [part] = await (await domain.openSource(fixture.input, fixture.context)).parts();
  if (part === undefined) throw new Error('no part');
  const rows = await part.open();
  const options = { domain, part, rows, tempFolder: fixture.workFolder, memoryLimitMb: 256 };
  const samples = await sampleRows(options);
  expect(
    samples
      .filter(({ reason }) => reason.startsWith('rejected'))
      .map(({ reason, rows }) => [reason, rows[0]?.hw_file, rows[0]?.hw_line]),
  ).toEqual([
    ['rejected: bad_time', 'a.csv', '4'],
    ['rejected: shop_closed', 'b/c.csv', '3'],
  ]);
});

test.each([
  ['a.csv', 'line,file,t\nU1,x,2024-07-04 11:05\nU2,y,2024-07-04 11:05\nU2,y\n'],
  [
    'a.jsonl',
    '{"line":"U1","file":"x","t":"2024-07-04 11:05"}\n' +
      '{"line":"U2","file":"y","t":"2024-07-04 11:05"}\n[]\n',
  ],
])('accepts columns named line and file in %s', async (name, content) => {
  await write(name, content);
  const table: Table = { time: 't', series: ['line', 'file'] };
  const { parts, values } = await read(table);
  const time = utc('2024-07-04T09');
  expect(Object.fromEntries(values)).toEqual({ [`U1-x@${time}`]: 1, [`U2-y@${time}`]: 1 });
  expect(parts[0]?.rejected).toEqual({ bad_line: 1 });
});

test.each([
  ['a.csv', 'bad_line,t,quoted\nU1,2024-07-04 11:05,x\nU2,2024-07-04 11:05,"y, z"\nU2\n'],
  [
    'a.jsonl',
    '{"bad_line":"U1","t":"2024-07-04 11:05"}\n{"bad_line":"U2","t":"2024-07-04 11:05"}\n[]\n',
  ],
])('accepts a column named like a rejection reason in %s', async (name, content) => {
  await write(name, content);
  const { parts, values } = await read({ time: 't', series: 'bad_line' });
  expect([...values.keys()].map((key) => key.split('@')[0]).sort()).toEqual(['U1', 'U2']);
  expect(parts[0]?.rejected).toEqual({ bad_line: 1 });
});

test('refuses a field over several lines in CSV, and reads it from Parquet', async () => {
  await write('a.csv', 's,note,t\nA,"one\ntwo",2024-07-04 11:05\nB,"x",2024-07-04 11:05\nC,,x\n');
  const table: Table = { time: 't', series: 's' };
  await expect(read(table)).rejects.toMatchObject({
    code: 'RAW_FILE_INVALID',
    message: expect.stringMatching(
      /^a\.csv line 2 has a quote that does not close .*several lines/,
    ),
    fix: expect.stringContaining('Parquet'),
  });
  const file = join(fixture.input, 'a.csv');
  await writeParquet(
    join(fixture.input, 'a.parquet'),
    `FROM ${csvFiles(file, 'all_varchar = true')}`,
  );
  await rm(file);
  const { parts, values } = await read(table);
  const time = utc('2024-07-04T09');
  expect(Object.fromEntries(values)).toEqual({ [`A@${time}`]: 1, [`B@${time}`]: 1 });
  expect(parts[0]).toMatchObject({ rowsIn: 3, rowsUsed: 2, rejected: { bad_time: 1 } });
});

test('names the file of a missing column and of invalid SQL', async () => {
  await write('a.csv', 's,when\nA,2024-07-04\n');
  await expect(read({ time: 't', series: 's' })).rejects.toMatchObject({
    code: 'RAW_FILE_INVALID',
    message: expect.stringContaining('a.csv line 1 has no column t'),
  });
  await expect(read({ time: { sql: 'whenn' }, series: 's' })).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    message: expect.stringContaining('whenn'),
  });
  await expect(read({ time: 'when', series: { columns: /^x/ } })).rejects.toMatchObject({
    code: 'RAW_FILE_INVALID',
  });
});

test('reads again after a changed declaration, and only then', async () => {
  await write('a.csv', 's,t,v\nA,2024-07-04 11:05,"1,5"\n');
  const printOf = async (table: Table) => {
    const source = await tableDomain({ ...base, table }).openSource(fixture.input, fixture.context);
    return (await source.parts())[0]?.fingerprint;
  };
  const table: Table = { time: 't', series: { columns: /v/ } };
  expect(await printOf(table)).toBe(await printOf({ ...table }));
  expect(await printOf(table)).not.toBe(await printOf({ ...table, decimal: ',' }));
  expect(await printOf(table)).not.toBe(await printOf({ ...table, series: { columns: /w/ } }));
});
