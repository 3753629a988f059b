/**
 * Purpose: the panel's checks, its form as CSV, and the gap-free panel for comparisons with other
 * tools.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { completePanel } from '../../../forecasting/panel/complete-panel.ts';
import { panelCsv } from '../../../forecasting/panel/csv.ts';
import { createPanel, indexAt, padHistory, timestampAt } from '../../../forecasting/panel/panel.ts';
import { HOUR, panelOf, START } from '../../fixtures/random-panels.ts';

const _ = Number.NaN;

describe('panel', () => {
  const whole = {
    seriesIds: ['a', 'b'],
    start: START,
    frequencyMinutes: 60,
    length: 2,
    columns: { target: new Float32Array(4) },
  };

  test.each([
    ['a column of another size', { columns: { target: new Float32Array(3) } }],
    [
      'a second column of another size',
      { columns: { target: new Float32Array(4), rain: new Float32Array(5) } },
    ],
    ['series that share an id', { seriesIds: ['a', 'a'] }],
    ['a start that is no whole minute', { start: START + 1 }],
    ['no frequency', { frequencyMinutes: 0 }],
    ['a length that is no count', { length: -1 }],
  ])('%s is refused', (_title, change) => {
    expect(createPanel(whole)).toBe(whole);
    expect(() => createPanel({ ...whole, ...change })).toThrow(RangeError);
  });

  test('grid indices and timestamps are each other’s inverse', () => {
    expect(timestampAt(whole, 5)).toBe(START + 5 * HOUR);
    expect(indexAt(whole, START + 5 * HOUR)).toBe(5);
    expect(indexAt(whole, START - HOUR / 2)).toBe(-0.5);
  });

  test('padding puts unknown intervals in front and moves nothing', () => {
    const padded = padHistory(
      panelOf(['a', 'b'], 2, (s, t) => 10 * s + t),
      3,
    );
    expect([...padded.columns.target]).toEqual([_, _, _, 0, 1, _, _, _, 10, 11]);
    expect([padded.start, padded.length]).toEqual([START - 3 * HOUR, 5]);
    expect(timestampAt(padded, 3)).toBe(START);
  });
});

describe('CSV', () => {
  test('one line per series and interval, in UTC; an unknown value is an empty field', () => {
    const panel = panelOf(['a', 'b'], 2, (s, t) => (s === 1 && t === 0 ? _ : s + t / 2));
    expect([...panelCsv(panel)].join('')).toBe(
      'unique_id,ds,y\na,2023-02-20 00:00:00,0\na,2023-02-20 01:00:00,0.5\nb,2023-02-20 00:00:00,\nb,2023-02-20 01:00:00,1.5\n',
    );
  });

  test('any id and any value survive', () => {
    const value = fc.float({ noNaN: false, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.array(value, { minLength: 1, maxLength: 9 }),
        (id, values) => {
          const text = [
            ...panelCsv(panelOf([id], values.length, (_s, t) => values[t] as number)),
          ].join('');
          const rows = parseCsv(text).slice(1);
          expect(rows.map(([name]) => name)).toEqual(values.map(() => id));
          expect(rows.map(([, , y]) => (y === '' ? _ : Number(y)))).toEqual(
            values.map((x) => (x === 0 ? expect.closeTo(0) : x)),
          );
        },
      ),
      { seed: 6 },
    );
  });
});

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n)/gy;
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    rows.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? (match[2] as string));
    if (match[3] === '\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

describe('complete panel', () => {
  const values = [
    [9, 1, 2, 3, _, 5, 6, 7],
    [0, 0, 0, 0, 0, 0, 80, 80],
    [9, _, 2, 3, 4, 5, 6, 7],
    [9, 1, _, _, _, 5, 6, 7],
  ];
  const small = panelOf(['kept', 'idle', 'late', 'gappy'], 8, (s, t) => values[s]?.[t] as number);

  test('keeps the last stretch, fills with the value before, tells how many, and chooses by what precedes the test span', () => {
    // A hundred intervals more, so that one gap is within the share that may be unknown.
    const long = panelOf(small.seriesIds, 108, (s, t) =>
      t < 100 ? (s === 1 ? 0 : 1) : (values[s]?.[t - 100] as number),
    );
    const { panel, filled } = completePanel(long, {
      intervals: 106,
      dropLast: 1,
      testIntervals: 2,
      minimumMean: 0.5,
    });
    expect(panel.seriesIds).toEqual(['kept', 'late']);
    expect([panel.start, panel.length]).toEqual([START + HOUR, 106]);
    expect([...panel.columns.target.subarray(98, 106)]).toEqual([1, 9, 1, 2, 3, 3, 5, 6]);
    expect([...panel.columns.target.subarray(106 + 98)]).toEqual([1, 9, 9, 2, 3, 4, 5, 6]);
    expect(filled).toBe(2);
  });

  test('a fill looks back only, and the source is left as it was', () => {
    const before = [...small.columns.target];
    const one = completePanel(small, {
      intervals: 8,
      dropLast: 0,
      testIntervals: 2,
      minimumMean: 0,
    });
    expect(one.panel.seriesIds).toEqual(['idle']);
    expect([...small.columns.target]).toEqual(before);
  });

  test('gaps inside the test span and the sign of a series choose nothing', () => {
    const panel = panelOf(['gaps later', 'negative'], 200, (s, t) =>
      s === 1 ? -2 : t >= 180 && t % 2 === 1 ? _ : 2,
    );
    const complete = completePanel(panel, {
      ...{ intervals: 200, dropLast: 0, testIntervals: 20, minimumMean: 1 },
    });
    expect(complete.panel.seriesIds).toEqual(['gaps later', 'negative']);
    expect(complete.filled).toBe(10);
  });

  test('asking for more than there is gives what there is', () => {
    const { panel, filled } = completePanel(
      panelOf(['a'], 5, () => 2),
      { intervals: 99, dropLast: 0, testIntervals: 2, minimumMean: 1 },
    );
    expect([panel.length, panel.start, filled]).toEqual([5, START, 0]);
  });
});
