import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ExplanationData } from '../../../../reports/charts/data/explanation-data.ts';
import { explanationSvg } from '../../../../reports/svg-files.ts';
import { explanationInTerminal } from '../../../../reports/terminal/explanation.ts';
import { BROKEN, seriesOf, stretchesOf, textsOf } from '../../../fixtures/drawn.ts';

const HOUR = 3_600_000;
const CUTOFF = Date.UTC(2026, 2, 7, 23);

function data(changes: Partial<ExplanationData> = {}): ExplanationData {
  const values = (value: number) => [value, value, 2 * value];
  return {
    title: 'North Harbour',
    unit: 'orders per hour',
    timeZone: 'America/New_York',
    cutoff: CUTOFF,
    timestamps: [1, 2, 3].map((step) => CUTOFF + step * HOUR),
    baseline: { title: 'mean of 4 weeks', values: values(10) },
    parts: [
      { title: 'last two days', values: values(4) },
      { title: 'calendar', values: values(-2) },
      { title: 'rounding', values: values(0) },
    ],
    forecast: { title: 'forecast', values: values(12) },
    ...changes,
  };
}

/** Height of every bar of a part, the waterfall's first. */
const heights = (svg: string, name: string) =>
  seriesOf(svg, name).flatMap((bars) =>
    [...bars.matchAll(/height="([\d.]+)"/g)].map(([, height]) => Number(height)),
  );

describe('explanationSvg', () => {
  test('has the finding as title, with every part, the sum and both ends', () => {
    const svg = explanationSvg(data());
    expect(svg).toContain(
      '<title id="t">Forecast 48, +8 against the usual; largest part: last two days</title>',
    );
    expect(svg).toContain('<desc id="d">North Harbour: ');
    for (const text of ['North Harbour', '+16', '−8', '40', '48', 'calendar'])
      expect(textsOf(svg)).toContain(text);
    expect(svg).toContain('Sum over 3 steps after Sat 7 Mar 18:00');
    expect(stretchesOf(svg, 'sum of all parts')).toBe(1);
    expect(svg).toBe(explanationSvg(data()));
    expect(svg).not.toMatch(BROKEN);
  });

  test('draws bars as high as their values, as waterfall and as stack', () => {
    const svg = explanationSvg(data());
    const [sum, first, second, third] = heights(svg, 'last two days');
    const [negative] = heights(svg, 'calendar');
    expect(sum / negative).toBeCloseTo(2, 1);
    expect([second / first, third / first].map((ratio) => Math.round(ratio * 10) / 10)).toEqual([
      1, 2,
    ]);
  });

  test('escapes text', () => {
    const svg = explanationSvg(
      data({
        title: '</title><script>x</script>',
        unit: "a'b<c",
        forecast: { title: '<b>', values: [1, 2, 3] },
      }),
    );
    expect(svg).not.toMatch(/<script|<b>/);
    expect(svg).toContain('&lt;script&gt;');
  });

  test('draws any values inside the frame', () => {
    const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 48 }),
        fc.array(value, { minLength: 4, maxLength: 60 }),
        (steps, values) => {
          const column = (title: string, i: number) => ({
            title,
            values: Array.from({ length: steps }, (_, k) => values[(i + k) % values.length]),
          });
          const given = data({
            timestamps: Array.from({ length: steps }, (_, k) => CUTOFF + (k + 1) * HOUR),
            baseline: column('base', 0),
            parts: ['a', 'b', 'c'].map((title, i) => column(title, i + 1)),
            forecast: column('forecast', 4),
          });
          const svg = explanationSvg(given);
          expect(svg).not.toMatch(BROKEN);
          for (const [, y] of svg.matchAll(/<rect [^>]*y="(-?[\d.]+)"/g)) {
            expect(Number(y)).toBeGreaterThanOrEqual(0);
            expect(Number(y)).toBeLessThanOrEqual(300);
          }
          for (const line of explanationInTerminal(given, { width: 60 }).split('\n'))
            expect([...line].length).toBeLessThanOrEqual(60);
        },
      ),
      { numRuns: 30, seed: 1 },
    );
  });

  test('refuses columns of different lengths or without numbers', () => {
    for (const draw of [
      explanationSvg,
      (one: ExplanationData) => explanationInTerminal(one, { width: 80 }),
    ]) {
      expect(() => draw(data({ timestamps: [] }))).toThrow('nothing to draw');
      expect(() => draw(data({ forecast: { title: 'forecast', values: [1] } }))).toThrow(
        'as long as',
      );
      expect(() =>
        draw(data({ forecast: { title: 'forecast', values: [1, Number.NaN, 2] } })),
      ).toThrow('not finite');
    }
  });
});

describe('explanationInTerminal', () => {
  test('draws gains to the right and losses to the left, by size', () => {
    const lines = explanationInTerminal(data(), { width: 80 }).split('\n');
    expect(lines[2]).toBe('mean of 4 weeks   40');
    const [gain, loss, nothing] = lines.slice(3, 6);
    const blocks = (line: string) => [...line].filter((char) => char === '█').length;
    expect(gain).toMatch(/^last two days {4}\+16 +│█+$/);
    expect(loss).toMatch(/^calendar {10}−8 +█+│$/);
    expect(nothing).toMatch(/^rounding {11}0 +│$/);
    expect(blocks(gain)).toBe(2 * blocks(loss));
    expect(lines.at(-1)).toBe('forecast          48');
    expect(lines.join('')).not.toContain('\u001b');
    expect(explanationInTerminal(data(), { width: 80, colour: true })).toContain('\u001b[');
  });

  test('removes control characters of a title and refuses a small width', () => {
    const text = explanationInTerminal(data({ title: 'a\u001b[2Jb\u0007' }), { width: 80 });
    for (const control of ['\u001b', '\u0007']) expect(text).not.toContain(control);
    expect(() => explanationInTerminal(data(), { width: 20 })).toThrow(RangeError);
  });
});
