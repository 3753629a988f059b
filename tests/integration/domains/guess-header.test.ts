/** Purpose: which line the guess takes as the header, and which headers it refuses. */
import { expect, test } from '@jest/globals';
import { daysFrom2024, guessedFile } from '../../fixtures/guessed-file.ts';

const days = daysFrom2024(40);
const rows = days.flatMap((day, at) => ['A', 'B'].map((name) => `${day},${name},${at % 7}.5`));
const total = rows.reduce((sum, row) => sum + Number(row.split(',')[2]), 0);

test.each([
  ['a padded title', ['Sales report 2023,,', 'All values in units,,', 'Date,Store,Units'], 2],
  ['a comment with commas', ['# Export of X, version 3, for you', 'Date,Store,Units'], 1],
  ['a comment alone', ['# Export of X', 'Date,Store,Units'], 1],
  ['a header that begins with #', ['#Date,Store,Units'], undefined],
  ['a title with a date', ['Report,2024-01-01,', 'Date,Store,Units'], 1],
])('finds the header below %s', async (_name, above, skipLines) => {
  const { table, ...guess } = await guessedFile([...above, ...rows]);
  expect(table).toMatchObject({ series: 'Store', value: 'Units' });
  expect([table.skipLines, table.header, guess.total]).toEqual([skipLines, undefined, total]);
});

test.each([
  ['an index without a name', ',Date,Store,Units', (row: string, at: number) => `${at},${row}`],
  ['a last column without a name', 'Date,Store,Units,', (row: string) => `${row},x`],
  ['a comma at the end of lines', 'Date,Store,Units,', (row: string) => `${row},`],
  ['notes in some rows', 'Date,Store,Units,Note', (row: string, at: number) => row + noteOf(at)],
])('takes the first line with %s', async (_name, header, row) => {
  const { table, ...guess } = await guessedFile([header, ...rows.map(row)]);
  expect(table).toMatchObject({ time: 'Date', series: 'Store', value: 'Units' });
  expect([table.skipLines, table.header, guess.total]).toEqual([undefined, undefined, total]);
});

const noteOf = (at: number) => (at % 9 === 0 ? ',late' : ',');

test('reads a file without a header below a padded title', async () => {
  const { table, ...guess } = await guessedFile(['Sales,,', ...rows]);
  expect([table.header, table.skipLines, guess.total]).toEqual([false, 1, total]);
});

test.each([
  ['00:00', (hour: number) => `${String(hour).padStart(2, '0')}:00`],
  ['HE1', (hour: number) => `HE${hour + 1}`],
  ['h0', (hour: number) => `h${hour}`],
  ['1', (hour: number) => String(hour + 1)],
])('refuses a column for each hour, from %s on, but not where they are series', async (_n, of) => {
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  const lines = days.map((day) => [day, ...hours.map((hour) => `${hour}.5`)].join(','));
  const file = [['date', ...hours.map(of)].join(','), ...lines];
  await expect(guessedFile(file)).rejects.toMatchObject({
    ...{ code: 'SOURCE_INVALID', message: 'there is a column for each hour of a day' },
  });
  expect((await guessedFile(file, { series: 'columns' })).facts.series).toBe(24);
});

test('a column for each of many shops is no hour', async () => {
  for (const name of ['Shop ', '']) {
    const shops = Array.from({ length: 26 }, (_, at) => at + 1);
    const lines = days.map((day) => [day, ...shops.map((shop) => `${shop}.5`)].join(','));
    const file = [['date', ...shops.map((shop) => `${name}${shop}`)].join(','), ...lines];
    expect((await guessedFile(file)).facts.series).toBe(26);
  }
});
