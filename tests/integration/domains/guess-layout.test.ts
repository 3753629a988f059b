/** Purpose: whether the guess reads a row as a value or an event, and of which series. */
import { expect, test } from '@jest/globals';
import { daysFrom2024, guessedFile, hoursFrom2024 } from '../../fixtures/guessed-file.ts';

const days = daysFrom2024(60);
const hours = hoursFrom2024(240);
/** A line of each time and name. */
const each = (
  header: string,
  times: readonly string[],
  names: readonly string[],
  line: (time: string, name: string, at: number) => string,
) => [header, ...times.flatMap((time, at) => names.map((name) => line(time, name, at)))];

test.each([
  ['a unit', 'reading', '20.5 kWh'],
  ['a Boolean', 'is_open', 'true'],
])('asks for the value where rows are on a grid and hold %s', async (_name, column, cell) => {
  const lines = each(`time,sensor,${column}`, hours, ['A', 'B'], (t, s) => `${t},${s},${cell}`);
  expect((await guessedFile(lines)).doubts[0]).toMatchObject({
    ...{ flag: '--value', chosen: 'rows are counted' },
  });
  expect((await guessedFile(lines, { value: 'count' })).asked).not.toContain('--value');
  await expect(guessedFile(lines, { value: column })).rejects.toMatchObject({
    ...{ code: 'SOURCE_INVALID', message: expect.stringContaining(`"${cell}": no number`) },
  });
});

test('asks for numbers that it does not read because times repeat', async () => {
  const lines = each('date,shop,units', days, ['A', 'A', 'B'], (t, s, at) => `${t},${s},${at}`);
  const { table, doubts } = await guessedFile(
    lines.map((line, at) => (at % 3 === 1 ? `${line}1` : line)),
  );
  expect(table.value).toBeUndefined();
  expect(doubts[0]).toMatchObject({
    ...{ flag: '--value units', why: expect.stringContaining('they are added up') },
  });
});

test('asks for numbers at times on no grid, and counts plain events without a question', async () => {
  const second = (at: number) => new Date(Date.UTC(2024, 2, 4) + at * 1_234_000).toISOString();
  const events = Array.from({ length: 400 }, (_, at) => `${second(at)},s${at % 2}`);
  expect((await guessedFile(['opened,site', ...events])).asked).toEqual(['--time-zone']);
  const lasting = events.map((line, at) => `${line},${at % 90}`);
  expect(await guessedFile(['opened,site,minutes', ...lasting])).toMatchObject({
    ...{ asked: ['--value', '--time-zone'], total: 400 },
  });
});

test('reads exports that overlap once, and says so', async () => {
  const file = (from: number, to: number) =>
    each('time,meter,kwh', hours.slice(from, to), ['A', 'B'], (t, s) => `${t},${s},${t.length}.5`);
  const guess = await guessedFile({ '1.csv': file(0, 100), '2.csv': file(90, 240) });
  expect(guess).toMatchObject({
    table: { value: 'kwh', series: 'meter' },
    facts: { repeated: 20 },
  });
  expect(guess.doubts[0]).toMatchObject({
    ...{ flag: '--value', why: '4 % of the rows are there twice: the first counts' },
  });
});

test('names a series by three columns, and asks', async () => {
  const names = ['FI,Mart', 'FI,Rama', 'NO,Mart', 'NO,Rama'].flatMap((one) => [
    ...[`${one},Mug`, `${one},Hat`],
  ]);
  const lines = each('date,country,store,product,sold', days, names, (t, s) => `${t},${s},7`);
  const { table, facts, asked } = await guessedFile(lines);
  expect(table).toMatchObject({ series: ['country', 'store', 'product'], value: 'sold' });
  expect([facts.series, asked]).toEqual([8, ['--series', '--missing']]);
});

test.each([
  ['weekday', (at: number) => `W${at % 7}`],
  ['is_holiday', (at: number) => String(at % 9 === 0)],
])('%s does not divide times that are unique', async (column, cell) => {
  const lines = [`date,${column},visitors`, ...days.map((d, at) => `${d},${cell(at)},0.5`)];
  expect(await guessedFile(lines)).toMatchObject({
    ...{ table: { series: { only: 'all' }, value: 'visitors' }, frequencyMinutes: 1440 },
    ...{ asked: ['--series'], total: 30 },
  });
  expect(await guessedFile(lines, { series: 'one' })).toMatchObject({ asked: [] });
  expect((await guessedFile(lines, { series: column })).table.series).toBe(column);
});

test('a file is not wide where times repeat: numbers may name the series', async () => {
  const lines = each('time,turbine,output', hours, ['1', '2', '3'], (t, s, at) =>
    [t, s, 100 * Number(s) + (at % 24)].join(','),
  );
  const expected = { series: 'turbine', value: 'output' };
  const guess = await guessedFile(lines);
  expect(guess).toMatchObject({ table: expected, facts: { series: 3, repeated: 0 } });
  expect(guess.asked[0]).toBe('--series');
  for (const hints of [{ series: 'turbine' }, { value: 'output' }])
    expect(await guessedFile(lines, hints)).toMatchObject({ table: expected });
  await expect(guessedFile(lines, { series: 'turbine', value: 'Turbine' })).rejects.toMatchObject({
    message: expect.stringContaining('is said to be the series too'),
  });
});

test.each([
  ['seconds since 1970', ['1000234567', '1000234568', '1000234999']],
  ['dates', ['20190312', '20190405', '20200117']],
])('ids that look like %s name the series', async (_name, ids) => {
  const lines = each('meter_id,timestamp,kwh', hours, ids, (t, id) => `${id},${t},0.5`);
  const guess = await guessedFile(lines);
  expect(guess.table).toMatchObject({ series: 'meter_id', time: 'timestamp', value: 'kwh' });
  expect([guess.facts.series, guess.asked]).toEqual([3, ['--time-zone']]);
});

test('a number of rows is neither a series nor a value', async () => {
  const rows = days.map((day, at) => `${at},${day},${0.5 * (at % 5)}`);
  expect(await guessedFile(['Unnamed: 0,date,sales', ...rows])).toMatchObject({
    ...{ table: { series: { only: 'all' }, value: 'sales' }, asked: [], total: 60 },
  });
});

test('stays wide where times are unique', async () => {
  const rows = days.map((day) => `${day},1.5,2.5`);
  expect(await guessedFile(['date,North,South', ...rows])).toMatchObject({
    ...{ asked: [], facts: { series: 2 }, total: 240 },
  });
});
