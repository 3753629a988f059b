import { describe, expect, test } from '@jest/globals';
import type { Domain } from '../../../../domains/domain.ts';
import { createPanel } from '../../../../forecasting/panel/panel.ts';
import { drawQuality } from '../../../../reports/charts/data/quality-tables.ts';
import {
  heatChart,
  rejectionChart,
  volumeChart,
} from '../../../../reports/charts/quality-charts.ts';
import { type Chart, inlineSvg } from '../../../../reports/charts/svg.ts';
import { viewDemand } from '../../../../services/feature/contract/demand-view.ts';
import { BROKEN, countOf, stretchesOf, textsOf } from '../../../fixtures/drawn.ts';

const domain = {
  missing: 'unknown',
  timeZone: 'UTC',
  holidays: null,
  integerValued: false,
} as unknown as Domain;
const HOSTILE = `"><script>alert('x')</script>`;
const NAN = Number.NaN;

const svgOf = (chart: Chart | null): string => inlineSvg(chart as Chart).text;

function tables(values: Record<string, (t: number) => number>, days: number) {
  const seriesIds = Object.keys(values);
  const length = days * 24;
  const target = Float32Array.from(
    seriesIds.flatMap((id) => Array.from({ length }, (_, t) => values[id]?.(t) ?? NAN)),
  );
  const panel = createPanel({
    seriesIds,
    start: Date.UTC(2026, 0, 5),
    frequencyMinutes: 60,
    length,
    columns: { target },
  });
  const covered = new Uint8Array(length).fill(1);
  const fresh = covered.map((_, t) => (t >= length - 24 ? 1 : 0));
  const recent = { panel, fresh, covered, before: null, oneIn: 1 };
  return drawQuality(domain, viewDemand(domain, recent, []));
}

describe('heat chart', () => {
  test('has a row a series, the busiest first, with shares of the usual maximum', () => {
    const { heat } = tables(
      { low: (t) => (t < 48 ? 1 : 5), none: () => 0, high: (t) => (t < 24 ? NAN : 10) },
      4,
    );
    expect(heat.rows.map(({ seriesId, cells }) => [seriesId, cells])).toEqual([
      ['high', '.555'],
      ['low', '1155'],
      ['none', '0000'],
    ]);
    const svg = svgOf(heatChart({ heat } as never, 'shop'));
    expect(svg).toContain('<title>Each shop by a day</title><desc>3 rows');
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['high', 'low', 'none']));
    const strokes = (name: string) =>
      new RegExp(
        `d="([^"]*)"[^>]*aria-description="${name}"|aria-description="${name}"[^>]*d="([^"]*)"`,
      )
        .exec(svg)
        ?.slice(1)
        .find(Boolean);
    // Row 0 lacks its first day; row 1 is pale for two; row 2 is zero for four.
    expect(strokes('missing')).toMatch(/^M0 \d+h1$/);
    expect(strokes('shade 1')).toMatch(/^M0 \d+h2$/);
    expect(strokes('shade 0')).toMatch(/^M0 \d+h4$/);
    expect(strokes('shade 5')).toMatch(/^M1 \d+h3M2 \d+h2$/);
  });

  test('draws three hundred series of a year on a small page, with names as text', () => {
    const many = Object.fromEntries(
      Array.from({ length: 310 }, (_, i) => [
        i === 0 ? HOSTILE : `s${i}`,
        (t: number) => (310 - i) * (((t * 7919) % 13) + 1),
      ]),
    );
    const drawn = tables(many, 180);
    expect(drawn.heat).toMatchObject({ daysEach: 2, more: 10 });
    expect(drawn.heat.starts).toHaveLength(90);
    const svg = svgOf(heatChart(drawn, 'shop'));
    expect(countOf(svg, 'names', 'text')).toBe(300);
    expect(svg.length).toBeLessThan(300_000);
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;script');
  });
});

describe('volume chart', () => {
  test('has a bar a day, the expected line after three weeks, and marks new days', () => {
    const drawn = tables({ a: (t) => (t < 48 ? NAN : 1), b: () => 1 }, 35);
    expect(drawn.volume.bins).toHaveLength(35);
    expect(drawn.volume.bins[2]).toMatchObject({ actual: 2, expected: null, isFresh: false });
    expect(drawn.volume.bins[34]).toMatchObject({ actual: 2, expected: 2, isFresh: true });
    const svg = svgOf(volumeChart(drawn));
    expect([countOf(svg, 'earlier', 'rect'), countOf(svg, 'new', 'rect')]).toEqual([34, 1]);
    expect(stretchesOf(svg, 'expected')).toBe(1);
  });

  test('is absent without data', () => {
    expect(volumeChart(drawQuality(domain, null))).toBeNull();
    expect(heatChart(drawQuality(domain, null), 'shop')).toBeNull();
  });
});

test('the chart of rejections has a bar a file, a colour a reason and one for the rest', () => {
  const account = (name: string, rejected: Record<string, number>) => ({
    name,
    feed: 'a',
    rowsIn: 100,
    rowsUsed: 0,
    rejected,
    skipped: false,
  });
  const eight = Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [i === 0 ? HOSTILE : `reason ${i}`, 8 - i]),
  );
  const rejected = rejectionChart([
    account('one', eight),
    account(HOSTILE, { 'reason 1': 72 }),
    account('clean', {}),
  ]);
  const svg = svgOf(rejected?.chart ?? null);
  // Seven colours in the first bar, one in the second.
  expect(countOf(svg, 'rejected', 'rect')).toBe(7 + 1);
  expect(svg).toContain('highest 72.0 %');
  expect(rejected?.reasons).toHaveLength(7);
  expect(rejected?.reasons.at(-1)).toBe('other reasons');
  expect(svg).not.toMatch(BROKEN);
  expect(rejectionChart([account('clean', {})])).toBeNull();
});
