/** Purpose: rows and CSV texts become panels, and what is wrong in them is named with its line. */
import { expect, test } from '@jest/globals';
import { targetOf } from '../../../forecasting/panel/panel.ts';
import { panelFromCsv, panelFromRows } from '../../../library/rows.ts';

const HOURLY = { frequencyMinutes: 60 };
const csv = (...lines: string[]) => ['unique_id,ds,y', ...lines].join('\n');

test('builds one grid from rows in any order, with absent rows unknown', () => {
  const panel = panelFromCsv(
    csv('"a, b",2025-01-01 02:00,3', 'c,2025-01-01T01:00:00Z,', '"a, b",2025-01-01,1.5'),
    HOURLY,
  );
  expect(panel).toMatchObject({ seriesIds: ['a, b', 'c'], length: 3, frequencyMinutes: 60 });
  expect(new Date(panel.start).toISOString()).toBe('2025-01-01T00:00:00.000Z');
  expect([...targetOf(panel, 0)]).toEqual([1.5, Number.NaN, 3]);
  expect([...targetOf(panel, 1)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
});

test('counts absent rows as zero from the first row of a series on', () => {
  const rows = [
    { seriesId: 'old', timestamp: '2025-01-01', value: 1 },
    { seriesId: 'new', timestamp: new Date(Date.UTC(2025, 0, 2)), value: 2 },
    { seriesId: 'old', timestamp: '2025-01-03', value: null },
    { seriesId: 'old', timestamp: '2025-01-04', value: 5 },
  ];
  const panel = panelFromRows(rows, { frequencyMinutes: 1440, missing: 'zero' });
  expect([...targetOf(panel, 0)]).toEqual([1, 0, Number.NaN, 5]);
  expect([...targetOf(panel, 1)]).toEqual([Number.NaN, 2, 0, 0]);
});

test('accepts other column names, an offset and a byte order mark', () => {
  const text = '\uFEFFwhen,shop,sold\n2025-01-01T02:00:00+02:00,x,4\n';
  const panel = panelFromCsv(text, { ...HOURLY, time: 'when', series: 'shop', value: 'sold' });
  expect(new Date(panel.start).toISOString()).toBe('2025-01-01T00:00:00.000Z');
  expect([...targetOf(panel, 0)]).toEqual([4]);
});

test.each([
  ['a column that is absent', 'ds,y\n2025-01-01,1', 'line 1', 'unique_id'],
  ['no number', csv('a,2025-01-01,1', 'a,2025-01-02,1,5x', 'a,2025-01-03,much'), 'line 4', 'much'],
  ['no time', csv('a,31.01.2025,1'), 'line 2', '31.01.2025'],
  ['no day', csv('a,2025-02-30,1'), 'line 2', '2025-02-30'],
  ['no day, with an offset', csv('a,2025-02-30T00:00Z,1'), 'line 2', '2025-02-30'],
  ['off the grid', csv('a,2025-01-01 00:00,1', 'a,2025-01-01 00:10,1'), 'line 3', '00:10'],
  ['twice', csv('a,2025-01-01,1', 'a,2025-01-01T00:00Z,2'), 'line 3', 'two rows'],
  ['a date with an offset', csv('a,2025-01-31+01:00,1'), 'line 2', '2025-01-31+01:00'],
  ['after blank lines', csv('', 'a,2025-01-01,1', '', '', 'a,2025-01-02,much'), 'line 6', 'much'],
  ['after a field of two lines', csv('"a\nb",2025-01-01,1', 'a,never,1'), 'line 4', 'never'],
  ['no whole minute', csv('a,2025-01-01 00:00:30,1'), 'line 2', 'whole minute'],
  [
    'a grid that one time makes too long',
    csv(...Array.from({ length: 8 }, (_, i) => `s${i},2025-01-01,1`), 's1,9999-01-01,1'),
    'line 10',
    '9999-01-01',
  ],
  ['nothing', csv(), 'rows', 'no row'],
])('refused: %s', (_title, text, where, message) => {
  const read = () => panelFromCsv(text, HOURLY);
  expect(read).toThrow(expect.objectContaining({ code: 'PANEL_INVALID', where }));
  expect(read).toThrow(message);
});

test.each([0, -60, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
  'refuses a frequency of %s minutes',
  (frequencyMinutes) => {
    const read = () => panelFromCsv(csv('a,2025-01-01,1'), { frequencyMinutes });
    expect(read).toThrow(
      expect.objectContaining({ code: 'PANEL_INVALID', where: 'frequencyMinutes' }),
    );
  },
);
