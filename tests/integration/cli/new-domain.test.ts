/** Purpose: what `headway new-domain` understands, asks, refuses and writes. */

import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { newDomainCommand } from '../../../cli/actions/new-domain/new-domain.ts';
import { definitionText, identifierOf } from '../../../cli/actions/new-domain/texts.ts';
import { withDomain } from '../../../cli/actions/new-domain/write-domain.ts';
import { openContext } from '../../../cli/context.ts';
import { cellsOf, german, lines, text } from '../../fixtures/shaped-files.ts';
import { type Cell, workbookFile } from '../../fixtures/workbook-file.ts';

let root: string;
let data: string;
let server: Server | null;
beforeEach(async () => {
  server = null;
  root = await mkdtemp(join(tmpdir(), 'headway-new-domain-'));
  await mkdir(join(root, 'domains'));
  await copyFile('domains/index.ts', join(root, 'domains/index.ts'));
  data = join(root, 'data.csv');
  const cells = cellsOf({ series: ['A', 'B'], steps: 24 * 30, minutes: 60 });
  const rows = cells.map((c) => `${c.series};${text.iso(c.time)};${german(c.value)}`);
  await writeFile(data, lines('shop;placed;load', [...rows, 'A;soon;1,5', 'A']));
});
afterEach(async () => {
  server?.close();
  await rm(root, { recursive: true, force: true });
});

async function newDomain(name: string, flags: Record<string, unknown> = {}) {
  const printed: string[] = [];
  const context = {
    ...openContext({ work: join(root, 'work'), logLevel: 'silent' }, {}),
    print: (line: string) => void printed.push(line),
  };
  await newDomainCommand(context, { from: data, yes: true, ...flags }, name, root);
  return printed.join('\n');
}

test('prints what it understood and rejected, writes the folder and names the next step', async () => {
  const printed = await newDomain('shop-loads', { timeZone: 'Europe/Berlin', holidays: 'DE-BE' });
  expect(printed).toMatch(/time +placed, iso/);
  expect(printed).toMatch(/value +load: 1440 of 1441 rows read, decimal comma/);
  // The data have the hour that clocks skip in Berlin: they are by another clock.
  expect(printed).toMatch(/--clock: UTC \(the clock of the data is never changed/);
  expect(printed).toContain('Rows: 1440 of 1442 used');
  expect(printed).toContain('bad_line: 1');
  expect(printed).toContain('data.csv:1442  A, soon, 1,5');
  expect(printed).toContain('shop A, the newest values');
  expect(printed).toContain('npm run headway -- train --domain shop-loads');

  const definition = await readFile(join(root, 'domains/shop-loads/definition.ts'), 'utf8');
  expect(definition.split('\n').length).toBeLessThanOrEqual(40);
  expect(definition).toContain(`export const shopLoadsDefinition: Domain = tableDomain({
  name: 'shop-loads',
  title: 'Shop loads',
  unit: 'load',
  seriesNoun: 'shop',
  frequencyMinutes: 60,
  timeZone: 'Europe/Berlin',
  seasonLengths: [24, 168],
  horizon: 24,
  missing: 'unknown',
  nonNegative: true,
  integerValued: false,
  holidays: { country: 'DE', state: 'BE' },
  defaultSource: 'data.csv',
  table: {
    time: 'placed',
    value: 'load',
    decimal: ',',
    series: 'shop',
    clock: 'UTC',
  },
});
`);
  const tests = join(root, 'tests/unit/domains/shop-loads');
  expect(await readFile(join(tests, 'definition.test.ts'), 'utf8')).toContain(
    '{ rowsIn: 50, rowsUsed: 50, rejected: {} }',
  );
  expect((await readFile(join(tests, 'sample/data.csv'), 'utf8')).split('\n')).toHaveLength(52);
  expect(await readFile(join(root, 'domains/shop-loads/README.md'), 'utf8')).toContain('2 series');
  expect(await readFile(join(root, 'domains/index.ts'), 'utf8')).toMatch(
    /, shopLoadsDefinition\];|shopLoadsDefinition,\n\];/,
  );
});

test('reads the named sheet of a workbook, and writes a CSV sample for the test', async () => {
  const cells = cellsOf({ series: ['A', 'B'], steps: 24 * 30, minutes: 60 });
  const rows = cells.map((c): Cell[] => [new Date(c.time), c.series, c.value]);
  const from = join(root, 'loads.xlsx');
  await writeFile(
    from,
    workbookFile({ Loads: [['placed', 'shop', 'load'], ...rows], Notes: [['to do']] }),
  );
  const flags = { from, timeZone: 'UTC', sheet: 'Loads' };
  await expect(newDomain('book', { ...flags, sheet: undefined })).rejects.toMatchObject({
    message: '2 sheets of the workbook have cells: "Loads", "Notes"',
  });
  expect(await newDomain('book', flags)).toContain('Rows: 1440 of 1440 used');
  const definition = await readFile(join(root, 'domains/book/definition.ts'), 'utf8');
  expect(definition).toContain("sheet: 'Loads'");
  const tests = join(root, 'tests/unit/domains/book');
  expect(await readFile(join(tests, 'definition.test.ts'), 'utf8')).toContain(
    '{ rowsIn: 50, rowsUsed: 50, rejected: {} }',
  );
  const sample = await readFile(join(tests, 'sample/loads.csv'), 'utf8');
  expect(sample.split('\n').slice(0, 2)).toEqual([
    'placed,shop,load',
    expect.stringMatching(/^2024-/),
  ]);
});

test('fetches a URL, which remains the source', async () => {
  const body = await readFile(data);
  server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const from = `http://127.0.0.1:${port}/export.csv`;
  expect(await newDomain('web', { from })).toContain('Rows: 1440 of 1442 used');
  const definition = await readFile(join(root, 'domains/web/definition.ts'), 'utf8');
  expect(definition).toContain(`defaultSource: '${from}'`);

  const secret = `http://me:hidden@127.0.0.1:${port}/export?key=hidden`;
  expect(await newDomain('web-key', { from: secret })).toMatch(
    /address has a user or a query[\s\S]*features run --domain web-key --source URL/,
  );
  for (const name of ['definition.ts', 'README.md']) {
    const written = await readFile(join(root, 'domains/web-key', name), 'utf8');
    expect(written).not.toMatch(/hidden|127\.0\.0\.1|undefined|defaultSource/);
  }
});

test('a domain whose tests are there already is taken', async () => {
  const tests = join(root, 'tests/unit/domains/left');
  await mkdir(tests, { recursive: true });
  await expect(newDomain('left')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(stat(join(root, 'domains/left'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('writes nothing without a terminal or --yes', async () => {
  await expect(newDomain('loads', { yes: false })).rejects.toMatchObject({
    code: 'USAGE',
    where: expect.stringContaining('--time-zone'),
    fix: expect.stringContaining('--yes'),
  });
  expect(await newDomain('loads', { dryRun: true })).not.toContain('Written');
  await expect(stat(join(root, 'domains/loads'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['taxi', {}, 'USAGE', 'is taken'],
  ['sources', {}, 'USAGE', 'is taken'],
  ['Shop', {}, 'USAGE', 'is not a valid domain name'],
  ['shop', { from: 'book.xls' }, 'SOURCE_INVALID', 'as .xlsx only'],
  ['shop', { from: 'data.zip' }, 'SOURCE_INVALID', 'an archive cannot be read'],
  ['shop', { decimal: ';' }, 'USAGE', 'not accepted'],
  ['shop', { from: 'nowhere.csv' }, 'SOURCE_NOT_FOUND', ''],
  ['shop', { series: 'branch' }, 'SOURCE_INVALID', 'no column "branch"'],
  ['shop', { time: 'load' }, 'SOURCE_INVALID', 'no row has a time'],
])('refuses %s %j with %s', async (name, flags, code, message) => {
  await expect(newDomain(name, flags)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

test.each([
  ...['public', 'private', 'package', 'protected', 'interface', 'implements', 'test', 'expect'],
  ...['join', 'fixture', 'domain', 'table', 'find', 'table-domain', 'find-domain', 'parts'],
])('writes loadable modules for a domain named %s', (name) => {
  const id = identifierOf(name);
  const words = /^(public|private|package|protected|interface|implements)$/;
  const names = /^(test|expect|join|fixture|parts|values|domains?|tableDomain|findDomain)$/;
  expect(id).not.toMatch(words);
  expect(id).not.toMatch(names);
  // Modules are strict code.
  expect(() => new Function(`'use strict'; const ${id} = 1; return ${id};`)).not.toThrow();
});

test('refuses a name with the identifier of another domain', async () => {
  await newDomain('web1', { timeZone: 'UTC' });
  await expect(newDomain('web-1', { timeZone: 'UTC' })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('web1Definition'),
  });
});

test('refuses data without rows of times, with a fix', async () => {
  await writeFile(data, 'page,2024-01-01,2024-01-02,2024-01-03\nx,1,2,3\n');
  await expect(newDomain('pages')).rejects.toMatchObject({
    message: expect.stringContaining('a column for each time'),
  });
  const book = join(root, 'pages.xlsx');
  await writeFile(
    book,
    workbookFile({ Pages: [['page', '2024-01-01', '2024-01-02', '2024-01-03']] }),
  );
  await expect(newDomain('pages', { from: book })).rejects.toMatchObject({
    message: expect.stringContaining('pages.xlsx line 1 has a column for each time'),
  });
  await writeFile(data, 'a,b\nx,y\nz,w\n');
  await expect(newDomain('pages')).rejects.toMatchObject({
    fix: expect.stringContaining('--time'),
  });
});

test.each([
  ["it's", `"it's"`],
  ['"a"', `'"a"'`],
  [`split_part("it", ' - ', '')`, `"split_part(\\"it\\", ' - ', '')"`],
  [`a 'b' "c"`, `'a \\'b\\' "c"'`],
])('writes %s in the quotes of the formatter', (sql, literal) => {
  const text = definitionText({
    ...{ name: 'x', title: 'X', unit: 'u', seriesNoun: 's', frequencyMinutes: 60, timeZone: 'UTC' },
    ...{ seasonLengths: [24], horizon: 24, missing: 'unknown', nonNegative: true },
    table: { time: { sql }, series: 's', value: 'v' },
  });
  expect(text).toContain(`sql: ${literal} }`);
});

test('keeps the list of domains sorted and wrapped', () => {
  const index =
    "import { taxi } from './taxi/definition.ts';\n\n" +
    'export const domains: readonly Domain[] = [taxi];\n';
  const names = ['new', 'a-very-long-name', 'another-long-name-of-one', 'zoo'];
  expect(
    names.reduce(withDomain, index),
  ).toBe(`import { aVeryLongNameDefinition } from './a-very-long-name/definition.ts';
import { anotherLongNameOfOneDefinition } from './another-long-name-of-one/definition.ts';
import { newDefinition } from './new/definition.ts';
import { taxi } from './taxi/definition.ts';
import { zooDefinition } from './zoo/definition.ts';

export const domains: readonly Domain[] = [
  taxi,
  newDefinition,
  aVeryLongNameDefinition,
  anotherLongNameOfOneDefinition,
  zooDefinition,
];
`);
  expect(() => withDomain('nothing', 'x')).toThrow('no list of domains');
});
