import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { floatText, panelCsv } from '../../../../forecasting/panel/csv.ts';
import { createPanel } from '../../../../forecasting/panel/panel.ts';

test('writes the shortest decimals of the stored floats', () => {
  const target = Float32Array.from([7.7, 0.1, Number.NaN, 16_777_216, 123_456_792, 3.4e38, -1e-9]);
  const panel = createPanel({
    ...{ seriesIds: ['a'], start: 0, frequencyMinutes: 60, length: 7 },
    columns: { target },
  });
  const lines = [...panelCsv(panel)].join('').trim().split('\n').slice(1);
  expect(lines.map((line) => line.split(',')[2])).toEqual([
    '7.7',
    '0.1',
    '',
    '16777216',
    '123456792',
    '3.4e+38',
    '-1e-9',
  ]);
});

test('every float is read back unchanged', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Math.fround(Number(floatText(value)))).toBe(value === 0 ? 0 : value);
    }),
    { seed: 5 },
  );
});
