/** Purpose: whether the guess reads files in the shapes of well-known published data. */
import { describe, expect, test } from '@jest/globals';
import { daysFrom2024, guessedFile, hoursFrom2024 } from '../../fixtures/guessed-file.ts';

const hours = hoursFrom2024(240);
const days = daysFrom2024(120);
/** Numbers that look measured. */
const noise = (at: number) => ((at * 7919) % 1000) / 10;

test('a wide file whose times have no name, as a data frame is written', async () => {
  const rows = hours.map((time, at) => `"${time}:00";${`${noise(at)};1,5`.replace('.', ',')}`);
  const guess = await guessedFile(['"";"MT_001";"MT_002"', ...rows]);
  expect(guess.table).toMatchObject({ time: 'c1', decimal: ',' });
  expect(guess.facts).toMatchObject({ series: 2, usable: 480 });
});

test('row numbers without a name are no series', async () => {
  const rows = hours.map((time, at) => `${(at * 7) % 240},${time},${noise(at)},${noise(at + 3)}`);
  const guess = await guessedFile([',time,North,South', ...rows]);
  expect(guess.facts).toMatchObject({ series: 2, usable: 480 });
  const shop = hours.map((time, at) => `${(at * 7) % 240},${time},${noise(at)}`);
  expect(await guessedFile([',time,load', ...shop])).toMatchObject({
    table: { series: { only: 'all' }, value: 'load' },
  });
});

test('rows of overlapping exports count once, though each numbers its rows', async () => {
  const file = (from: number, to: number) => [
    ',time,meter,kwh',
    ...hours.slice(from, to).map((time, at) => `${at},${time},A,1.5`),
  ];
  const guess = await guessedFile({ '1.csv': file(0, 120), '2.csv': file(110, 240) });
  expect(guess).toMatchObject({ table: { value: 'kwh' }, facts: { repeated: 10 } });
  expect(guess.doubts[0]?.why).toContain('4 % of the rows are there twice');
});

test('a year, a month, a day and an hour in columns of their own', async () => {
  const rows = hours.map((time, at) => {
    const [year, month, day, hour] = time.split(/\D/).map(Number);
    return `${at + 1},${year},${month},${day},${hour},${at % 9 === 0 ? 'NA' : 10 + noise(at)},-21`;
  });
  const guess = await guessedFile(['No,year,month,day,hour,pm2.5,DEWP', ...rows]);
  expect(guess).toMatchObject({
    table: { time: ['year', 'month', 'day', 'hour'], value: 'pm2.5', series: { only: 'all' } },
    ...{ frequencyMinutes: 60, facts: { usable: 213 } },
  });
});

test.each([
  ['a year alone', 'year,load', '2024,1'],
  ['months from 0 on', 'year,month,load', '2024,0,1'],
  ['a season for the year', 'yr,month,load', '1,2,1'],
])('%s is not a time', async (_name, header, row) => {
  await expect(guessedFile([header, row, row, row])).rejects.toMatchObject({
    message: expect.stringContaining('no column holds times'),
  });
});

test('what describes an hour is not a series of its own', async () => {
  const rows = hours.map((time, at) => {
    const [day, hour] = [time.slice(0, 10), Number(time.slice(11, 13))];
    return `${at + 1},${day},1,0,3,${hour},0,${at % 7},1,1,0.24,0.29,0.81,0,3,13,${16 + (at % 90)}`;
  });
  const header =
    'instant,dteday,season,yr,mnth,hr,holiday,weekday,workingday,weathersit,temp,atemp,hum,' +
    'windspeed,casual,registered,cnt';
  expect(await guessedFile([header, ...rows])).toMatchObject({
    table: { time: ['dteday', 'hr'], series: { only: 'all' }, value: 'cnt' },
    frequencyMinutes: 60,
  });
});

test('an hour that is described in two ways is one value', async () => {
  const rows = hours.flatMap((time, at) =>
    (at % 10 === 0 ? ['Rain', 'Mist'] : ['Clouds']).map(
      (weather) => `${weather},${time},${1000 + ((at * 7919) % 5000)}`,
    ),
  );
  const guess = await guessedFile(['weather_main,date_time,traffic_volume', ...rows]);
  expect(guess).toMatchObject({
    table: { series: { only: 'all' }, value: 'traffic_volume' },
    facts: { repeated: 24 },
  });
  expect(guess.doubts.map(({ why }) => why)).toContain(
    '9 % of the rows are there twice: the first counts',
  );
});

test.each([
  ['Dept', []],
  ['Klasse', ['--series']],
])('numbers of a store and a %s name a series together', async (column, asked) => {
  const rows = days
    .filter((_, at) => at % 7 === 4)
    .flatMap((day, week) =>
      [1, 2].flatMap((store) =>
        [1, 2, 3].map((part) => `${store},${part},${day},${noise(week * 6 + store * part)},FALSE`),
      ),
    );
  const guess = await guessedFile([`Store,${column},Date,Weekly_Sales,IsHoliday`, ...rows]);
  expect(guess.table).toMatchObject({ series: ['Store', column], value: 'Weekly_Sales' });
  expect(guess).toMatchObject({ frequencyMinutes: 10_080, facts: { series: 6 } });
  expect(guess.asked.filter((flag) => flag === '--series')).toEqual(asked);
});

test.each([
  ['Capacity', 'SystemCodeNumber'],
  ['baseline', 'lot'],
])('%s is no name, though a word for places is in it', async (column, name) => {
  const rows = hours.flatMap((time, at) =>
    ['A1', 'B2', 'C3'].map((id, n) => `${id},${[500, 500, 900][n]},${(at * 7 + n) % 400},${time}`),
  );
  const guess = await guessedFile([`${name},${column},Occupancy,LastUpdated`, ...rows]);
  expect(guess.table).toMatchObject({ series: name, value: 'Occupancy' });
});

test.each(['production', 'items', 'online'])(
  'the only numbers, %s, are the value',
  async (name) => {
    const rows = days.map((day, at) => `${day},${20 + ((at * 7) % 23)}`);
    const guess = await guessedFile([`date,${name}`, ...rows]);
    expect(guess.table).toMatchObject({ series: { only: 'all' }, value: name });
  },
);

test('a value is no constant and no forecast, and may have a day in its name', async () => {
  const rows = days.map((day, at) => `${day},0,${at % 30}.5,${at % 31},1.5`);
  const guess = await guessedFile(['date,LOAD_TYPE,load forecast,sold_day,price', ...rows]);
  expect(guess.table.value).toBe('sold_day');
});

test('a name that is always the same does not end the search for names', async () => {
  const rows = hours.flatMap((time, at) =>
    ['East', 'West'].map((way, n) => `Bloor St,${way},${time},${(at * 7 + 50 * n) % 90}`),
  );
  const guess = await guessedFile(['location,direction,time,volume', ...rows]);
  expect(guess).toMatchObject({ table: { series: 'direction' }, facts: { series: 2 } });
});

test('a card that is seen a few times names no series', async () => {
  const rows = Array.from({ length: 600 }, (_, at) => {
    const day = days[Math.floor(at / 5)] as string;
    const clock = `${String(8 + (at % 5) * 2).padStart(2, '0')}:${11 + (at % 40)}:09`;
    return `${day},${day} ${clock},C${(at * 37) % 170},38.7,${['Latte', 'Cocoa'][at % 2]}`;
  });
  const guess = await guessedFile(['date,datetime,card,money,coffee_name', ...rows]);
  expect(guess.table).toMatchObject({ time: 'datetime', series: 'coffee_name' });
  expect(guess.table.value).toBeUndefined();
  expect(guess.asked).toContain('--value');
});

test('two columns of one name are refused where each is a series', async () => {
  const rows = days.map((day, at) => `${day},${noise(at)},${noise(at + 1)}`);
  await expect(guessedFile(['day,Rome,Rome', ...rows])).rejects.toMatchObject({
    message: expect.stringContaining('has 2 columns Rome'),
  });
});

test('a wide file asks where a column may describe the others', async () => {
  const rows = days.map((day, at) => `${day},${at}.5,${at % 7}.1,${at % 9}.2`);
  const guess = await guessedFile(['date,Appliances,lights,Windspeed', ...rows]);
  expect(guess.doubts[0]).toMatchObject({ flag: '--series', chosen: 'columns' });
  expect(
    (await guessedFile(['date,North,South', ...rows.map((row) => row.slice(0, -4))])).asked,
  ).toEqual([]);
});

test('asks for the encoding where the text has control characters', async () => {
  const name = Buffer.from([0x8e, 0xc0, 0x90, 0xd1]).toString('latin1');
  const file = [`date,${name}`, ...days.map((day, at) => `${day},${at}.5`)];
  const asked = await guessedFile(file, {}, 'latin1');
  expect(asked.doubts[0]).toMatchObject({ flag: '--encoding', chosen: 'windows-1252' });
  const said = await guessedFile(file, { encoding: 'shift_jis' }, 'latin1');
  expect(said).toMatchObject({ table: { value: '実績', encoding: 'shift_jis' }, asked: [] });
});

test('JSON lines have the encoding that is said; Parquet has its own', async () => {
  const lines = days.map((day, at) => JSON.stringify({ day, Köln: at + 0.5 }));
  const said = await guessedFile({ 'a.jsonl': lines }, { encoding: 'windows-1252' }, 'latin1');
  expect(said.table).toMatchObject({ value: 'Köln', encoding: 'windows-1252' });
  await expect(guessedFile({ 'a.parquet': ['PAR1'] }, { encoding: 'latin1' })).rejects.toThrow(
    'the files state their encoding themselves',
  );
});

test('lines of comments may be many', async () => {
  const notes = Array.from({ length: 30 }, (_, at) => `# note ${at}`);
  const rows = days.map((day, at) => `${day},${at}.5`);
  expect((await guessedFile([...notes, 'day,level', ...rows])).table).toMatchObject({
    ...{ skipLines: 30, value: 'level' },
  });
});

test('reads what an accounting system writes for minus: 12-', async () => {
  const rows = days.map((day, at) => `${day},${at % 3 === 0 ? `${at}-` : at}`);
  const guess = await guessedFile(['day,quantity', ...rows]);
  expect(guess.facts).toMatchObject({ usable: 120, min: -117 });
});

test('a text without a name in the header is no series', async () => {
  const rows = days.map((day, at) => `${day},${noise(at)},x,${noise(at + 5)},`);
  expect((await guessedFile(['time,A,,B,', ...rows])).facts.series).toBe(2);
});

test('series may be numbered in the header', async () => {
  const rows = hours.map((time, at) => `${time},${noise(at)},${noise(at + 3)},${noise(at + 7)}`);
  const guess = await guessedFile(['0,1,2,3', ...rows]);
  expect(guess.facts).toMatchObject({ series: 3, usable: 720 });
  const ids = await guessedFile([
    'time,9912345678901234,9912345678901235,9912345678901236',
    ...rows,
  ]);
  expect(ids.facts).toMatchObject({ series: 3, usable: 720 });
});

describe('lines of orders', () => {
  const rows = Array.from({ length: 600 }, (_, at) => {
    const [, month, day] = (days[Math.floor(at / 5)] as string).split('-').map(Number);
    const region = ['South', 'West', 'East'][(at * 7) % 3];
    return `${at},CA-${at >> 1},${month}/${day}/2024,${region},FUR-${(at * 37) % 450},${noise(at)}`;
  });
  const file = ['Row ID,Order ID,Order Date,Region,Product ID,Sales', ...rows];

  test('are events, not series of a value each', async () => {
    const guess = await guessedFile(file);
    expect(guess).toMatchObject({ table: { series: 'Region' }, frequencyMinutes: 1440 });
    expect(guess.table.value).toBeUndefined();
    expect(guess.doubts[0]).toMatchObject({ flag: '--value Sales' });
  });

  test('are added up where their amount is the value', async () => {
    const guess = await guessedFile(file, { value: 'Sales' });
    expect(guess).toMatchObject({
      table: { series: 'Region', value: 'Sales', aggregate: 'sum' },
      ...{ frequencyMinutes: 1440, missing: 'zero', isWhole: false },
    });
    expect(guess.asked).toEqual(['--aggregate', '--series']);
    const said = await guessedFile(file, { value: 'Sales', aggregate: 'mean', series: 'one' });
    expect(said).toMatchObject({ table: { aggregate: 'mean' }, missing: 'unknown', asked: [] });
  });
});

test('amounts of dates a week apart are those of weeks', async () => {
  const rows = days
    .filter((_, at) => at % 7 === 0)
    .flatMap((day, at) => [1, 2, 3].map((n) => `${day},${noise(at * 3 + n)}`));
  const guess = await guessedFile(['week_start,qty', ...rows], { value: 'qty' });
  expect(guess).toMatchObject({ table: { aggregate: 'sum' }, frequencyMinutes: 10_080 });
});

test('an order with two lines is added up whole', async () => {
  const rows = days.flatMap((day, at) =>
    [0, 1, 2, 3].map((n) => `A${at === 9 && n > 2 ? 38 : at * 4 + n},${day},${noise(at + n)}`),
  );
  const guess = await guessedFile(['order_id,date,amount', ...rows], { value: 'amount' });
  expect(guess.table).toMatchObject({ aggregate: 'sum' });
  expect(guess.table.once).toBeUndefined();
});

describe('readings', () => {
  const each = (step: number, count: number) => {
    const at = (row: number) => new Date(Date.UTC(2024, 2, 4) + row * step * 1000);
    const rows = Array.from({ length: count }, (_, row) =>
      [at(row).toISOString().slice(0, 19), 0.5 + noise(row)].join(','),
    );
    return ['time,power', ...rows];
  };

  test('of each minute make the mean of an hour, and it is asked', async () => {
    const guess = await guessedFile(each(60, 30_000), { timeZone: 'UTC' });
    expect(guess).toMatchObject({
      table: { value: 'power', aggregate: 'mean' },
      ...{ frequencyMinutes: 60, missing: 'unknown', asked: ['--aggregate'] },
    });
  });

  test('of a quarter of an hour stay, unless longer intervals are wanted', async () => {
    const file = each(900, 2000);
    const guess = await guessedFile(file, { timeZone: 'UTC' });
    expect(guess).toMatchObject({ frequencyMinutes: 15, asked: [] });
    expect(guess.table.aggregate).toBeUndefined();
    const longer = await guessedFile(file, { timeZone: 'UTC', frequencyMinutes: 60 });
    expect(longer).toMatchObject({ table: { aggregate: 'mean' }, asked: ['--aggregate'] });
  });

  test('in a column each have a mean too', async () => {
    const wide = each(60, 30_000).map(
      (line, at) => `${line},${at === 0 ? 'heat' : 1.5 + (at % 7)}`,
    );
    const guess = await guessedFile(wide, { timeZone: 'UTC' });
    expect(guess).toMatchObject({
      table: { aggregate: 'mean' },
      ...{ frequencyMinutes: 60, facts: { series: 2 }, asked: ['--aggregate'] },
    });
  });

  test('at odd times have a mean where they are the value', async () => {
    const guess = await guessedFile(each(77, 8000), { timeZone: 'UTC', value: 'power' });
    expect(guess).toMatchObject({
      table: { aggregate: 'mean' },
      ...{ frequencyMinutes: 60, asked: ['--aggregate'] },
    });
  });
});
