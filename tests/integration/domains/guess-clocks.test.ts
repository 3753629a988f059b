/** Purpose: whether the guess finds the time of day, and takes digits of a date for no epoch. */
import { expect, test } from '@jest/globals';
import { guessedFile, hoursFrom2024 } from '../../fixtures/guessed-file.ts';

const hours = hoursFrom2024(480);
const two = (number: number) => String(number).padStart(2, '0');
/** A line of each hour: its date, its hour of the day and a value. */
const lines = (header: string, cells: (day: string, hour: number) => string) => [
  header,
  ...hours.map((time, at) => {
    const line = cells(time.slice(0, 10), Number(time.slice(11, 13)));
    return `${line},${100 + ((at * 7919) % 1000) / 10}`;
  }),
];
const digits = (time: string) => time.replace(/\D/g, '');

test.each<[string, string[]]>([
  ['18.00', lines('Date,Time,Load', (day, hour) => `${day},${two(hour)}.00`)],
  ['18.00.00', lines('Date,Time,Load', (day, hour) => `${day},${two(hour)}.00.00`)],
  ['0930', lines('Date,Time,Load', (day, hour) => `${day},${two(hour)}00`)],
  [
    '7 PM',
    lines('Date,Time,Load', (day, hour) => `${day},${hour % 12 || 12} ${hour < 12 ? 'AM' : 'PM'}`),
  ],
  ['00 - 01', lines('Date,Hours,Load', (day, hour) => `${day},${two(hour)} - ${two(hour + 1)}`)],
  ['00:00 - 01:00', lines('Date,Time,Load', (day, h) => `${day},${two(h)}:00 - ${two(h + 1)}:00`)],
  ['a date with midnight', lines('Date,Hour,Load', (day, hour) => `${day} 00:00:00,${hour}`)],
  ['no header', lines('', (day, hour) => `${day},${hour}`).slice(1)],
])('reads a clock in its own column: %s', async (_name, file) => {
  const guess = await guessedFile(file, { timeZone: 'UTC' });
  expect(guess).toMatchObject({
    ...{ frequencyMinutes: 60, facts: { rows: 480, usable: 480, series: 1, repeated: 0 } },
  });
  expect([guess.table.timeOf, guess.asked]).toEqual([undefined, []]);
});

test.each([
  ['HE', 24],
  ['Period', 48],
  ['SETTLEMENT_PERIOD', 48],
  ['interval', 96],
])('reads intervals that a column %s numbers from 1 to %i by their ends', async (name, count) => {
  const file = [`date,${name},demand`];
  for (let day = 1; day <= 20; day++)
    for (let at = 1; at <= count; at++) file.push(`2024-03-${two(day)},${at},${day * 100 + at}.5`);
  const guess = await guessedFile(file, { timeZone: 'UTC' });
  expect(guess).toMatchObject({
    table: { timeOf: 'end', series: { only: 'all' }, value: 'demand' },
    ...{ frequencyMinutes: 1440 / count, asked: [] },
  });
});

test.each([
  ['%Y%m%d%H', (time: string) => digits(time).slice(0, 10)],
  ['%Y%m%d%H%M', (time: string) => digits(time).slice(0, 12)],
  ['%Y%m%d%H%M%S', (time: string) => `${digits(time).slice(0, 12)}00`],
  ['epoch-s', (time: string) => String(Date.parse(`${time}Z`) / 1e3)],
  ['epoch-ms', (time: string) => String(Date.parse(`${time}Z`))],
  ['epoch-us', (time: string) => `${Date.parse(`${time}Z`)}000`],
  ['epoch-ns', (time: string) => `${Date.parse(`${time}Z`)}000000`],
  ['%Y-%m-%dT%H', (time: string) => time.slice(0, 13).replace(' ', 'T')],
  ['%d %m %Y %H:%M', (time: string) => `${time.slice(8, 10)} 03 2024 ${time.slice(11)}`],
  ['%Y%m%d:%H%M', (time: string) => `${digits(time).slice(0, 8)}:${digits(time).slice(8, 12)}`],
])('reads %s', async (format, textOf) => {
  const file = ['MESS_DATUM,load', ...hours.map((time, at) => `${textOf(time)},${at}.5`)];
  const guess = await guessedFile(file, { timeZone: 'UTC' });
  expect(guess.table).toMatchObject({ timeFormat: format, value: 'load' });
  expect(guess).toMatchObject({ frequencyMinutes: 60, facts: { usable: 480, spanHours: 479 } });
});

test('reads the start of a range of times', async () => {
  const german = (time: string) => `${time.slice(8, 10)}.03.2024 ${time.slice(11)}`;
  const file = hours
    .slice(1)
    .map((end, at) => `${german(hours[at] as string)} - ${german(end)},${at}.5`);
  const guess = await guessedFile(['MTU (CET/CEST),Price', ...file], { timeZone: 'UTC' });
  expect(guess.facts).toMatchObject({ usable: 479, repeated: 0 });
  expect(guess.table.time).toMatchObject({ sql: expect.stringContaining('split_part') });
});

test('takes a format that is said, with a clock and in a range', async () => {
  const clock = hours.map(
    (time, at) => `0${1 + (at % 9)}/0${1 + (at % 7)}/2024,${time.slice(11)},${at}.5`,
  );
  const dates = await guessedFile(['date,time,load', ...clock], { timeFormat: '%d/%m/%Y' });
  expect(dates.table).toMatchObject({ time: ['date', 'time'], timeFormat: '%d/%m/%Y %H:%M' });
  const ranges = clock.map((line) => {
    const [day, time, load] = line.split(',');
    return `${day} ${time} - ${day} 23:59,${load}`;
  });
  const said = await guessedFile(['MTU,load', ...ranges], { timeFormat: '%m/%d/%Y %H:%M' });
  expect(said.table.time).toMatchObject({ sql: expect.stringContaining('%m/%d/%Y') });
  expect(said.asked).not.toContain('--time-format');
});

test.each(['lead_time', 'prep time', 'opening_hours'])('%s is no hour of the day', async (name) => {
  const file = Array.from({ length: 90 }, (_, at) => {
    const day = new Date(Date.UTC(2024, 0, 1 + at)).toISOString().slice(0, 10);
    return `${day},${5 + (at % 14)},${at}.5`;
  });
  const guess = await guessedFile([`date,${name},sales`, ...file]);
  expect(guess).toMatchObject({ table: { time: 'date' }, frequencyMinutes: 1440 });
});

test('an id is no time, whatever its digits say', async () => {
  const file = hours.map((time, at) => `${1_600_000_000 + 7919 * at},${time},${at % 50}`);
  const guess = await guessedFile(['ticket_id,created,amount', ...file]);
  expect(guess.table.time).toBe('created');
});

test('a year and a week are the time of weeks', async () => {
  const file = Array.from(
    { length: 100 },
    (_, at) => `${2022 + Math.floor(at / 52)},${1 + (at % 52)},${at}.5`,
  );
  const guess = await guessedFile(['YEAR,WEEK,ILITOTAL', ...file]);
  expect(guess).toMatchObject({
    table: { time: ['YEAR', 'WEEK'], timeFormat: '%G %V' },
    ...{ frequencyMinutes: 10_080, facts: { usable: 100 } },
  });
});

test('a change of clocks is no matter of an hour that is often empty', async () => {
  const rows = hoursFrom2024(24 * 56).filter((time, at) => {
    const hour = Number(time.slice(11, 13));
    // At night every other hour is empty, among them that of the change.
    return hour < 1 || hour > 3 || Math.floor(at / 24) % 14 > 6;
  });
  const file = rows.flatMap((time) => [`${time}:11,x`, `${time}:42,y`]);
  const guess = await guessedFile(['created_at,kind', ...file]);
  expect(guess).toMatchObject({ timeZone: 'UTC', frequencyMinutes: 60 });
  expect(guess.table.timeOf).toBeUndefined();
});
