/**
 * Purpose: the data-quality page in a real browser: it asks for nothing, fits a phone, and a row of
 * three hundred can be read.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { taxi } from '../../domains/taxi/definition.ts';
import { createPanel, seriesSlice } from '../../forecasting/panel/panel.ts';
import { drawQuality } from '../../reports/charts/data/quality-tables.ts';
import { qualityPage } from '../../reports/pages/quality-page.ts';
import { judgeRun } from '../../services/feature/contract/contract.ts';
import { EXPECTATION_NAMES } from '../../services/feature/contract/verdict.ts';
import { buildQualityReport } from '../../services/feature/quality-report.ts';
import { openBrowser } from './open-browser.ts';
import { withBrowser } from './with-browser.ts';

withBrowser('the data-quality page', () => {
  let folder: string;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let page: Page;
  const asked: string[] = [];
  const complaints: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-quality-'));
    const path = join(folder, 'page.html');
    const length = 84 * 24;
    const seriesIds = Array.from({ length: 300 }, (_, i) => `series-${i}`);
    const target = Float32Array.from(
      { length: 300 * length },
      (_, i) => ((i * 7919) % 17) * (i % length < 700 ? 1 : 2),
    );
    const panel = createPanel({
      seriesIds,
      start: Date.UTC(2026, 0, 5),
      frequencyMinutes: 60,
      length,
      columns: { target },
    });
    const covered = new Uint8Array(length).fill(1);
    const recent = {
      panel,
      covered,
      fresh: covered,
      before: seriesSlice(panel, 1, seriesIds.length),
      oneIn: 1,
    };
    const part = {
      name: 'a file with a name that is rather longer than one would wish it to be.parquet',
      feed: 'one',
    };
    const contract = judgeRun({
      ...{
        domain: taxi,
        present: [],
        committed: [],
        withdrawn: [],
        recent,
        lastReport: null,
        isAccepted: false,
        now: 0,
      },
      parts: [
        {
          part: { ...part, fingerprint: 'f' },
          columns: [],
          outside: [],
          unusableFiles: [],
          made: null,
        },
      ],
    });
    const parts = Array.from({ length: 60 }, (_, i) => ({
      ...part,
      ...{ rowsIn: 1000, rowsUsed: 990 - i, rejected: { late: 10, unknown: i }, skipped: i < 59 },
    }));
    const report = await buildQualityReport({
      domain: taxi,
      panel,
      parts,
      read: parts,
      contract,
      now: Date.UTC(2026, 4, 1),
    });
    await writeFile(path, qualityPage(report, drawQuality(taxi, contract.view)));
    browser = await openBrowser();
    page = await browser.context.newPage();
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(pathToFileURL(path).href);
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('draws every chart with a description, and requests nothing', async () => {
    const heights: number[] = await page.evaluate(
      'Array.from(document.querySelectorAll("svg[role=img]:has(title):has(desc)"), (svg) => svg.getBoundingClientRect().height)',
    );
    expect(heights).toHaveLength(await page.locator('svg').count());
    expect(heights.every((height) => height > 50)).toBe(true);
    expect(asked).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  test('three hundred names do not overlap and are large enough to read', async () => {
    const tops: number[] = await page.evaluate(
      'Array.from(document.querySelectorAll("svg [aria-description=names] text"), (text) => text.getBoundingClientRect()).map(({ top }) => top)',
    );
    expect(tops).toHaveLength(300);
    for (let i = 1; i < tops.length; i++)
      expect((tops[i] as number) - (tops[i - 1] as number)).toBeGreaterThan(11);
  });

  test('fits a phone: tables and the large chart scroll, the page does not', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(12_000);
  });

  test('names the verdict of each expectation in words', async () => {
    const rows = await page.locator('table.contract tbody tr').allInnerTexts();
    expect(rows).toHaveLength(EXPECTATION_NAMES.length);
    expect(rows.join('\n')).toMatch(/missing or of another type\s+BROKEN/);
  });
});
