/**
 * Purpose: the panel's checks, its form as CSV, and the gap-free panel for comparisons with other
 * tools.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { panelCsv } from '../../../forecasting/panel/csv.ts';
import { createPanel, indexAt, padHistory, timestampAt } from '../../../forecasting/panel/panel.ts';
import { HOUR, panelOf, START } from '../../fixtures/random-panels.ts';

const _ = Number.NaN;

describe('createPanel', () => {
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
  ])('refuses %s', (_title, change) => {
    expect(createPanel(whole)).toBe(whole);
    expect(() => createPanel({ ...whole, ...change })).toThrow(RangeError);
  });

  test('indexAt and timestampAt are inverse', () => {
    expect(timestampAt(whole, 5)).toBe(START + 5 * HOUR);
    expect(indexAt(whole, START + 5 * HOUR)).toBe(5);
    expect(indexAt(whole, START - HOUR / 2)).toBe(-0.5);
  });

  test('padHistory adds unknown intervals in front and moves nothing', () => {
    const padded = padHistory(
      panelOf(['a', 'b'], 2, (s, t) => 10 * s + t),
      3,
    );
    expect([...padded.columns.target]).toEqual([_, _, _, 0, 1, _, _, _, 10, 11]);
    expect([padded.start, padded.length]).toEqual([START - 3 * HOUR, 5]);
    expect(timestampAt(padded, 3)).toBe(START);
  });
});

describe('panelCsv', () => {
  test('writes one line per series and interval in UTC, with empty unknown values', () => {
    const panel = panelOf(['a', 'b'], 2, (s, t) => (s === 1 && t === 0 ? _ : s + t / 2));
    expect([...panelCsv(panel)].join('')).toBe(
      'unique_id,ds,y\na,2023-02-20 00:00:00,0\na,2023-02-20 01:00:00,0.5\nb,2023-02-20 00:00:00,\nb,2023-02-20 01:00:00,1.5\n',
    );
  });

  test('round-trips any id and value', () => {
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
          expect(rows.map(([, , y]) => (y === '' ? _ : Math.fround(Number(y))))).toEqual(
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
