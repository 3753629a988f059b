import { describe, expect, jest, test } from '@jest/globals';
import type { Domain } from '../../../../domains/domain.ts';
import { createPanel, onlySeries } from '../../../../forecasting/panel/panel.ts';
import { drawQuality } from '../../../../reports/charts/data/quality-tables.ts';
import { qualityPage } from '../../../../reports/pages/quality-page.ts';
import { qualityTable } from '../../../../reports/terminal/quality-table.ts';
import { judgeRun } from '../../../../services/feature/contract/contract.ts';
import { buildQualityReport } from '../../../../services/feature/quality-report.ts';

// The first report in a file loads danfo, which takes seconds on a busy machine.
jest.setTimeout(60_000);

const domain = {
  ...{
    name: 'test',
    title: 'Test <demand>',
    unit: 'events',
    seriesNoun: 'series',
    frequencyMinutes: 60,
    timeZone: 'America/New_York',
  },
  missing: 'unknown',
} as Domain;
const HOSTILE = `<script>alert("x")</script>&'\u001b[31m`;
/** A Monday, midnight in New York, in the week before daylight saving ends. */
const start = Date.parse('2026-10-26T04:00:00Z');

async function reportOf(series: Record<string, (t: number) => number>, length: number) {
  const seriesIds = Object.keys(series);
  const target = Float32Array.from(
    seriesIds.flatMap((id) => Array.from({ length }, (_, t) => series[id](t))),
  );
  const panel = createPanel({
    seriesIds,
    start,
    frequencyMinutes: 60,
    length,
    columns: { target },
  });
  const part = {
    name: `${HOSTILE}.csv`,
    feed: 'one',
    rowsIn: 10,
    rowsUsed: 7,
    rejected: { [HOSTILE]: 2, late: 1 },
    skipped: false,
  };
  const old = { ...part, name: 'old', skipped: true };
  const ones = new Uint8Array(length).fill(1);
  const contract = judgeRun({
    domain,
    parts: [
      {
        part: { name: part.name, feed: 'one', fingerprint: 'f' },
        columns: [{ name: HOSTILE, type: 'BIGINT' }],
        outside: [],
        unusableFiles: [],
        made: null,
      },
    ],
    present: [],
    committed: [],
    withdrawn: [],
    recent: {
      panel,
      fresh: ones,
      covered: ones,
      before: onlySeries(panel, seriesIds.indexOf('steady')),
      oneIn: 1,
    },
    lastReport: { columns: { one: [{ name: `gone ${HOSTILE}`, type: 'VARCHAR' }] } },
    isAccepted: false,
    now: start,
  });
  const report = await buildQualityReport({
    domain,
    panel,
    parts: [old, part],
    read: [old, part],
    contract,
    now: start,
  });
  return { report, tables: drawQuality(domain, contract.view) };
}

describe('data-quality report', () => {
  const weeks = 6 * 168;
  const series = {
    steady: (t: number) => (t >= 10 && t < 13 ? Number.NaN : 2),
    [HOSTILE]: (t: number) => (t % 24 === 8 ? 24 : 0),
    dying: (t: number) => (t < 168 ? 1 : 0),
    rare: (t: number) => (t === weeks - 1 ? 1 : 0),
    late: (t: number) => (t < 500 ? Number.NaN : 5),
  };

  test('counts rows, gaps, sparse and dead series, and ranks by mean', async () => {
    const { report } = await reportOf(series, weeks);
    expect(report.run).toEqual({ rowsIn: 10, rowsUsed: 7, rejected: { [HOSTILE]: 2, late: 1 } });
    expect(report.total.rowsIn).toBe(20);
    // What comes before a series' first value is no gap.
    expect(report.gaps).toEqual({
      intervals: 3,
      count: 1,
      series: 1,
      longest: [{ seriesId: 'steady', start: start + 10 * 3_600_000, intervals: 3 }],
    });
    expect(report.busiest.map(({ seriesId }) => seriesId)).toEqual([
      'late',
      'steady',
      HOSTILE,
      'dying',
      'rare',
    ]);
    expect(report.busiest[0]).toMatchObject({ mean: 5, maximum: 5, known: weeks - 500 });
    expect(report.sparse).toEqual({ count: 1, seriesIds: ['rare'] });
    expect(report.dead).toEqual({ count: 1, seriesIds: ['dying'] });
  });

  test('takes values below zero for neither sparse nor quiet, and draws them', async () => {
    const signed = {
      cold: (t: number) => (t % 24 < 12 ? -8 : -2),
      mild: (t: number) => (t % 2 === 0 ? 3 : -3),
      warm: () => 4,
    };
    const { report, tables } = await reportOf(signed, weeks);
    expect(report.sparse.count).toBe(0);
    expect(report.busiest.map(({ seriesId, mean, maximum }) => [seriesId, mean, maximum])).toEqual([
      ['cold', -5, -2],
      ['warm', 4, 4],
      ['mild', 0, 3],
    ]);
    const table = qualityTable((await reportOf({ cold: signed.cold }, weeks)).report);
    expect(table).toMatch(/▁{11}▆{12}▁/);
    expect(tables.heat.rows.map(({ seriesId }) => seriesId)).toEqual(['cold', 'warm', 'mild']);
  });

  test('uses local hours and weekdays, also after the clock is set back', async () => {
    const hour = new Intl.DateTimeFormat('en-US', {
      timeZone: 'America/New_York',
      hour: '2-digit',
      hourCycle: 'h23',
    });
    const noonInNewYork = (t: number) => Number(hour.format(start + t * 3_600_000) === '12');
    const { report } = await reportOf({ noon: noonInNewYork }, 3 * 168);
    expect(report.byHour).toEqual(Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 1 : 0)));
    const { report: onMonday } = await reportOf({ monday: (t) => (t < 24 ? 3 : 0) }, 168);
    expect(onMonday.byWeekday).toEqual([3, 0, 0, 0, 0, 0, 0]);
    expect(onMonday.byWeekdayAndHour[0]).toEqual(new Array(24).fill(3));
  });

  test('has no mean for hours that never occur', async () => {
    const { report } = await reportOf({ a: () => 1 }, 2);
    expect(report.byHour.slice(0, 3)).toEqual([1, 1, null]);
    expect(report.byWeekday).toEqual([1, null, null, null, null, null, null]);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test('the page escapes data, loads nothing and runs no script', async () => {
    const { report, tables } = await reportOf(series, weeks);
    const page = qualityPage(report, tables);
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain('Test &lt;demand&gt;');
    expect(page).not.toMatch(/(src|href)=|url\(|@import/);
    expect(page).toContain('prefers-color-scheme:dark');
    // No attribute of data's own, and no character that would end one.
    expect(page).not.toMatch(/<[^>]*alert/);
  });

  test('the page of three hundred series stays small', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [
        `series ${index}`,
        (t: number) => (t * index) % 7,
      ]),
    );
    const { report, tables } = await reportOf(many, 84 * 24);
    const page = qualityPage(report, tables);
    expect(page.length).toBeLessThan(300_000);
  });

  test('where all intervals begin at one hour, hours are left out', async () => {
    const { report, tables } = await reportOf(series, weeks);
    const byDay = {
      ...report,
      byHour: report.byHour.map((mean, hour) => (hour === 0 ? mean : null)),
    };
    expect(qualityTable(report)).toContain('by local hour');
    expect(qualityTable(byDay)).not.toContain('by local hour');
    expect(qualityPage(report, tables)).toContain('Mean by hour');
    expect(qualityPage(byDay, tables)).not.toContain('Mean by hour');
  });

  test('the table fits a terminal and removes escape sequences from the data', async () => {
    const table = qualityTable((await reportOf(series, weeks)).report);
    expect(table).toContain('rows used');
    expect(table).not.toContain('\u001b[31m');
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});
