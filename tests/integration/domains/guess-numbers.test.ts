/** Purpose: which signs of numbers the guess reads, and which it asks for. */
import { expect, test } from '@jest/globals';
import { requireHints } from '../../../cli/actions/new-domain/hints.ts';
import { numberSql } from '../../../domains/sources/table-rows.ts';
import { sqlText } from '../../../platform/duckdb/sql.ts';
import { sql } from '../../fixtures/feature-fixture.ts';
import { daysFrom2024, germanDate, guessedFile } from '../../fixtures/guessed-file.ts';

/** Two series a day with a number that a function writes. */
const long = (header: string, mark: string, date: (day: string) => string, text: TextOf) => [
  header,
  ...daysFrom2024(60).flatMap((day, at) =>
    ['A', 'B'].map((name, k) => [date(day), name, text(at + 100 * k)].join(mark)),
  ),
];
type TextOf = (at: number) => string;

/** 1.234 and 950. */
const german: TextOf = (at) => (700 + at * 10).toLocaleString('de-DE', { useGrouping: true });
const sum = 2 * 60 * 700 + 10 * (2 * ((59 * 60) / 2) + 60 * 100);
const same = (day: string) => day;

test('reads 1.234 as thousands in a file with semicolons and German dates', async () => {
  const guess = await guessedFile(long('Datum;Filiale;Umsatz', ';', germanDate, german));
  expect(guess).toMatchObject({ table: { decimal: ',', thousands: '.' }, total: sum });
  expect(guess.asked).toEqual(['--missing']);
  const wide = daysFrom2024(60).map((day, at) =>
    [germanDate(day), german(at), german(at + 100)].join(';'),
  );
  expect(await guessedFile(['Datum;Mitte;West', ...wide])).toMatchObject({
    ...{ table: { decimal: ',', thousands: '.' }, total: sum },
  });
});

test.each([
  [',', '"'],
  ['\t', ''],
])('asks what the sign of 1.234 is where %j separates fields', async (mark, quote) => {
  const lines = long('day,shop,sales'.replaceAll(',', mark), mark, same, (at) =>
    [quote, german(at), quote].join(''),
  );
  const { doubts, total } = await guessedFile(lines);
  expect(doubts[0]).toEqual({
    ...{ flag: '--decimal', chosen: '.', why: '"1.000" may be 1000 or 1.000' },
  });
  expect(total).not.toBe(sum);
  expect(await guessedFile(lines, { decimal: ',' })).toMatchObject({ total: sum });
  expect(await guessedFile(lines, { thousands: '.' })).toMatchObject({ total: sum });
  expect((await guessedFile(lines, { decimal: '.' })).asked).not.toContain('--decimal');
});

test('asks in a wide file too, and for 1,234 in quotes', async () => {
  const wide = daysFrom2024(40).map((day, at) => `${day},"1,${100 + at}",950`);
  const lines = ['day,North,South', ...wide];
  expect((await guessedFile(lines)).doubts[0]).toMatchObject({
    ...{ flag: '--decimal', why: '"1,100" may be 1100 or 1.100' },
  });
  expect(await guessedFile(lines, { decimal: '.' })).toMatchObject({
    ...{ table: { thousands: ',' }, total: 40 * (1100 + 950) + (39 * 40) / 2 },
  });
});

test('takes a leading 0, as that of a decimal comma', async () => {
  const kwh: TextOf = (at) => ((200 + at * 7) / 1000).toFixed(3).replace('.', ',');
  const guess = await guessedFile(long('Zeit;Zaehler;kWh', ';', same, kwh));
  expect(guess).toMatchObject({ table: { decimal: ',' }, missing: 'unknown', isWhole: false });
  expect(guess.total).toBeCloseTo((2 * 60 * 200 + 7 * (59 * 60 + 60 * 100)) / 1000, 6);
  expect(guess.asked).toEqual([]);
});

test('one style reads all columns of a wide file', async () => {
  const rows = daysFrom2024(40).map((day, at) => `${germanDate(day)};1.2${10 + at},5;12,5;3`);
  const guess = await guessedFile(['Datum;Mitte;West;Ost', ...rows]);
  expect(guess.total).toBe(40 * (1210.5 + 12.5 + 3) + (39 * 40) / 2);
});

test.each([
  ['$1,000.50', '$1,250.50', { symbol: '$', thousands: ',' }, 60 * 2251],
  ['20%', '35 %', { symbol: '%' }, 60 * 55],
  ['(100.00)', '250.5', {}, 60 * 150.5],
  ['-€5', '€ 12', { symbol: '€' }, 60 * 7],
  ['($1,000)', '$1,500 ', { symbol: '$', thousands: ',' }, 60 * 500],
])('reads %s and %s as numbers', async (first, second, style, total) => {
  const text: TextOf = (at) => `"${at < 100 ? first : second}"`;
  const { table, ...guess } = await guessedFile(long('day,shop,sales', ',', same, text));
  expect(guess.total).toBe(total);
  expect(table).toMatchObject({ value: 'sales', ...style });
});

test('reads no number where a symbol is amid it, or another', async () => {
  const cells = ['$5', '5$5', '€5', '$', '(-5)', '5'];
  const { value } = numberSql({ symbol: '$' }, 'c');
  const rows = await sql(`SELECT ${value} AS v FROM (SELECT unnest([${cells.map(sqlText)}]) AS c)`);
  expect(rows).toEqual([[5], [null], [null], [null], [null], [5]]);
});

test('reads a wide file of amounts', async () => {
  const rows = daysFrom2024(40).map((day) => `${day},$10,$20`);
  const guess = await guessedFile(['day,North,South', ...rows]);
  expect(guess).toMatchObject({ table: { symbol: '$' }, facts: { series: 2 }, total: 40 * 30 });
});

test.each([
  [{ decimal: ';' }, '--decimal'],
  [{ thousands: '_' }, '--thousands'],
  [{ decimal: '.', thousands: '.' }, '--thousands'],
])('refuses %j', async (hints, where) => {
  const all = hints as Parameters<typeof requireHints>[0];
  await expect(requireHints(all, undefined)).rejects.toMatchObject({ code: 'USAGE', where });
});
