import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { localDays, niceTicks, numberLabel, runs } from '../../../../platform/text/scales.ts';
import type { ForecastData } from '../../../../reports/charts/data/forecast-data.ts';
import { forecastSvg } from '../../../../reports/svg-files.ts';
import { forecastInTerminal } from '../../../../reports/terminal/forecast.ts';
import { BROKEN, countOf, seriesOf, stretchesOf, textsOf } from '../../../fixtures/drawn.ts';

const HOUR = 3_600_000;
const CUTOFF = Date.UTC(2026, 2, 8, 3); // the night New York's clocks go forward

function data(changes: Partial<ForecastData> = {}, values?: number[]): ForecastData {
  const timestamps = Array.from({ length: 24 }, (_, i) => CUTOFF + (i + 1) * HOUR);
  const median = timestamps.map((_, i) => 10 + 5 * Math.sin(i / 4));
  return {
    title: 'North Harbour',
    unit: 'orders per hour',
    timeZone: 'America/New_York',
    actuals: (values ?? Array.from({ length: 168 }, (_, i) => 10 + 5 * Math.sin(i / 4))).map(
      (value, i, all) => ({
        timestamp: CUTOFF - (all.length - 1 - i) * HOUR,
        value,
      }),
    ),
    naive: timestamps.map((timestamp, i) => ({ timestamp, value: median[i] + 1 })),
    forecast: {
      timestamps,
      median,
      lower: median.map((m) => m - 2),
      upper: median.map((m) => m + 3),
    },
    cutoff: CUTOFF,
    ...changes,
  };
}

describe('forecastSvg', () => {
  test('has the peak as title, and draws and names lines, band, cutoff and local days', () => {
    const svg = forecastSvg(data());
    expect(svg).toContain('<title id="t">Peak of 15 on Sun 8 Mar ');
    expect(svg).toContain('<desc id="d">North Harbour: 24 steps ahead of Sat 7 Mar 22:00');
    for (const name of ['actual', 'median forecast', 'naive'])
      expect([name, stretchesOf(svg, name)]).toEqual([name, 1]);
    expect(countOf(svg, '80 % interval', 'path')).toBe(1);
    for (const text of ['median forecast', '80 % interval', 'same hour last week', 'Sun 8 Mar'])
      expect(textsOf(svg)).toContain(text);
    expect(textsOf(svg)).toContain('actual until here');
    expect(svg).toBe(forecastSvg(data()));
    expect(svg).not.toMatch(BROKEN);
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  test('draws an inner interval as a second named band', () => {
    const { forecast } = data();
    const inner = {
      lower: Array.from(forecast.median, (m) => m - 1),
      upper: Array.from(forecast.median, (m) => m + 1),
    };
    const names = { bandName: '90 % interval', innerName: '50 % interval' };
    const svg = forecastSvg(data({ forecast: { ...forecast, inner }, ...names }));
    for (const name of Object.values(names)) {
      expect(countOf(svg, name, 'path')).toBe(1);
      expect(textsOf(svg)).toContain(name);
    }
    const short = { ...inner, lower: [1] };
    expect(() => forecastSvg(data({ forecast: { ...forecast, inner: short } }))).toThrow(
      RangeError,
    );
  });

  test('escapes text', () => {
    const svg = forecastSvg(
      data({ title: '</title><script>alert("x")</script>&\u0000', unit: "a'b<c" }),
    );
    expect(svg).not.toContain('<script');
    expect(svg).not.toContain('\u0000');
    expect(svg).toContain('&lt;/title&gt;&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;');
    expect(svg).toContain('a&#39;b&lt;c');
  });

  test('breaks the line at an unknown value', () => {
    const values = Array.from({ length: 70 }, (_, i) => (i === 50 ? Number.NaN : i));
    expect(stretchesOf(forecastSvg(data({}, values)), 'actual')).toBe(2);
    const known = values.map((value) => value || 1);
    expect(stretchesOf(forecastSvg(data({}, known)), 'actual')).toBe(1);
  });

  test('leaves room for the forecast next to weeks of history', () => {
    const svg = forecastSvg(data({}, Array(1000).fill(5)));
    const [, first, last] = /d="M([\d.]+),[^"]*L([\d.]+),/.exec(
      seriesOf(svg, 'median forecast')[0] as string,
    ) as RegExpExecArray;
    expect(Number(last) - Number(first)).toBeGreaterThan(0.2 * 912 * 0.8);
  });

  test('draws any values inside the frame', () => {
    const value = fc.oneof(
      fc.double({ min: -1e30, max: 1e30 }),
      fc.constant(Number.NaN),
      fc.constant(0),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
        const { forecast } = data();
        const median = forecast.timestamps.map((_, i) => values[i % values.length]);
        const given = data(
          { forecast: { ...forecast, median, lower: median, upper: median } },
          values,
        );
        const svg = forecastSvg(given);
        expect(svg).not.toMatch(BROKEN);
        for (const [, y] of svg.matchAll(/[ML][-\d.]+,(-?[\d.]+)/g))
          expect(Number(y)).toBeLessThanOrEqual(400);
        for (const line of forecastInTerminal(given, { width: 80, height: 16 }).split('\n'))
          expect([...line].length).toBeLessThanOrEqual(80);
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  test('refuses columns of different lengths', () => {
    const { forecast } = data();
    expect(() => forecastSvg(data({ forecast: { ...forecast, lower: [1] } }))).toThrow(RangeError);
    const nothing = { timestamps: [], lower: [], median: [], upper: [] };
    expect(() => forecastSvg(data({ actuals: [], naive: [], forecast: nothing }))).toThrow(
      RangeError,
    );
  });
});

describe('forecastInTerminal', () => {
  test('fits the given size, with days, ticks and the cutoff', () => {
    const text = forecastInTerminal(data(), { width: 90, height: 18 });
    const lines = text.split('\n');
    expect(lines).toHaveLength(18);
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(90);
    expect(text).toContain('North Harbour');
    expect(text).toContain('┴');
    expect(text).toContain('Sat 7 Mar');
    expect(text).not.toContain('\u001b');
    expect(forecastInTerminal(data(), { width: 90, height: 18, colour: true })).toContain(
      '\u001b[',
    );
  });

  test('removes control characters of a title and refuses a small size', () => {
    const text = forecastInTerminal(data({ title: 'a\u001b[2Jb\u0007\u009b' }), {
      width: 60,
      height: 10,
    });
    for (const control of ['\u001b', '\u0007', '\u009b']) expect(text).not.toContain(control);
    expect(() => forecastInTerminal(data(), { width: 10, height: 3 })).toThrow(RangeError);
  });
});

describe('scales', () => {
  test('ticks are round, even and enclose the values', () => {
    expect(niceTicks(0, 72, 5)).toEqual([0, 20, 40, 60, 80]);
    expect(niceTicks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(niceTicks(5, 5, 4).length).toBeGreaterThan(1);
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        (low, span) => {
          const ticks = niceTicks(low, low + span, 5);
          const step = ticks[1] - ticks[0];
          expect(ticks[0]).toBeLessThanOrEqual(low + step * 1e-6);
          expect(ticks[ticks.length - 1]).toBeGreaterThanOrEqual(low + span - step * 1e-6);
          expect(ticks.length).toBeLessThanOrEqual(8);
        },
      ),
      { seed: 4 },
    );
  });

  test('a local day starts at midnight, also on days of a clock change', () => {
    const hours = Array.from({ length: 72 }, (_, i) => Date.UTC(2026, 2, 7) + i * HOUR);
    expect(localDays(hours, 'America/New_York')).toEqual([
      Date.UTC(2026, 2, 7, 5),
      Date.UTC(2026, 2, 8, 5),
      Date.UTC(2026, 2, 9, 4),
    ]);
  });

  test('runs splits at gaps, and numberLabel rounds by size', () => {
    expect(runs([Number.NaN, 1, 2, Number.NaN, 3])).toEqual([
      { from: 1, to: 3 },
      { from: 4, to: 5 },
    ]);
    expect([0, 0.12345, 12.345, 1234.5, 31_415_926, Number.NaN].map(numberLabel)).toEqual([
      '0',
      '0.1235',
      '12.35',
      '1,235',
      '31,415,926',
      '–',
    ]);
  });
});
