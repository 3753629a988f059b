/**
 * Purpose: the pictures of the data-quality page: what is drawn is what is in the tables, at three
 * hundred series too.
 */
import { describe, expect, test } from '@jest/globals';
import type { Domain } from '../../../../domains/domain.ts';
import { createPanel } from '../../../../forecasting/panel/panel.ts';
import { heatChart, rejectionChart, volumeChart } from '../../../../reports/charts/quality-svg.ts';
import { drawQuality } from '../../../../reports/charts/quality-tables.ts';
import { viewDemand } from '../../../../services/feature/contract/demand-view.ts';

const domain = {
  missing: 'unknown',
  timeZone: 'UTC',
  holidays: null,
  integerValued: false,
} as unknown as Domain;
const HOSTILE = `"><script>alert('x')</script>`;
const NAN = Number.NaN;

function pictures(values: Record<string, (t: number) => number>, days: number) {
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
  return drawQuality(domain, viewDemand(domain, { panel, fresh, covered, knownSeries: null }, []));
}

describe('series by day', () => {
  test('one row a series, the busiest first; a cell is its share of the usual highest, zero or missing', () => {
    const { heat } = pictures(
      { low: (t) => (t < 48 ? 1 : 5), none: () => 0, high: (t) => (t < 24 ? NAN : 10) },
      4,
    );
    expect(heat.rows.map(({ seriesId, cells }) => [seriesId, cells])).toEqual([
      ['high', '.555'],
      ['low', '1155'],
      ['none', '0000'],
    ]);
    const svg = heatChart({ heat } as never, 'shop');
    expect(svg).toContain('aria-label="Each shop by day, 3 of them');
    // Row 0 lacks its first day; row 1 is pale for two; row 2 is zero for four.
    expect(svg).toContain('<path class="gap" d="M0 6h1"/>');
    expect(svg).toContain('<path class="shade1" d="M0 19h2"/>');
    expect(svg).toContain('<path class="shade0" d="M0 32h4"/>');
    expect(svg).toContain('<path class="shade5" d="M1 6h3M2 19h2"/>');
  });

  test('three hundred series over a year: every row is there, the page stays small, hostile names stay text', () => {
    const many = Object.fromEntries(
      Array.from({ length: 310 }, (_, i) => [
        i === 0 ? HOSTILE : `s${i}`,
        (t: number) => (310 - i) * (((t * 7919) % 13) + 1),
      ]),
    );
    const drawn = pictures(many, 180);
    expect(drawn.heat).toMatchObject({ daysEach: 2, more: 10 });
    expect(drawn.heat.starts).toHaveLength(90);
    const svg = heatChart(drawn, 'shop');
    expect(svg.match(/text-anchor="end"/g)).toHaveLength(300);
    expect(svg.length).toBeLessThan(300_000);
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;script');
  });
});

describe('volume', () => {
  test('a bar a day, a line where three weeks before are known, what is new stands out', () => {
    const drawn = pictures({ a: (t) => (t < 48 ? NAN : 1), b: () => 1 }, 35);
    expect(drawn.volume.bins).toHaveLength(35);
    expect(drawn.volume.bins[2]).toMatchObject({ actual: 2, expected: null, isFresh: false });
    expect(drawn.volume.bins[34]).toMatchObject({ actual: 2, expected: 2, isFresh: true });
    const svg = volumeChart(drawn);
    expect(svg.match(/<rect class="old"/g)).toHaveLength(34);
    expect(svg.match(/<rect class="new"/g)).toHaveLength(1);
    // From the 22nd day on, without a break.
    const line = /class="line" d="([^"]+)"/.exec(svg)?.[1] ?? '';
    expect([line.match(/M/g)?.length, line.match(/L/g)?.length]).toEqual([1, 13]);
  });

  test('without anything there is no picture', () => {
    expect(volumeChart(drawQuality(domain, null))).toBe('');
    expect(heatChart(drawQuality(domain, null), 'shop')).toBe('');
  });
});

test('rejected rows: a bar a file, a colour a reason, the rest together', () => {
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
  const svg = rejectionChart([
    account('one', eight),
    account(HOSTILE, { 'reason 1': 72 }),
    account('clean', {}),
  ]);
  // Seven colours in the first bar, one in the second, seven in the key.
  expect(svg.match(/<rect /g)).toHaveLength(7 + 1 + 7);
  expect(svg).toContain('highest 72.0 %');
  expect(svg).toContain('other reasons');
  expect(svg).not.toContain('<script');
  expect(rejectionChart([account('clean', {})])).toBe('');
});
