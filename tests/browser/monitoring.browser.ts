/**
 * Purpose: the views of accuracy and health in a real browser: their numbers are the API's, the
 * scrubber says what was known, served, why and right, and empty states say what to do.
 * Invariants: no request leaves the service; not one console message of a problem.
 * Fails: skips with one line where no Chromium is installed.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MonitoringResponse } from '../../services/inference/openapi/monitoring-schemas.ts';
import { openDecisionLog } from '../../storage/decisions/decision-log.ts';
import { createFixture, HOUR, NOW } from '../fakes/inference.ts';
import { memoryObjectStore } from '../fakes/memory-object-store.ts';
import { monitorTown } from '../fixtures/monitored-town.ts';
import { sourcesOf } from '../fixtures/published.ts';
import { type OpenedPage, openPage } from './open-page.ts';
import { withBrowser } from './with-browser.ts';

const percent = (share: number) => `${Math.round(100 * share)} %`.replace('-', '−');

withBrowser('accuracy and health', () => {
  const { options } = createFixture({ snapshot: 3, champion: 'model-1' });
  const store = memoryObjectStore();
  let opened: OpenedPage;
  let overview: NonNullable<MonitoringResponse['overview']>;
  beforeAll(async () => {
    await monitorTown(store);
    const decisions = openDecisionLog({ store, domain: 'demo' });
    opened = await openPage({ ...options, monitoring: sourcesOf(store), decisions });
    const reply = await fetch(`${opened.server.url}/v1/monitoring?limit=4`);
    overview = ((await reply.json()) as MonitoringResponse).overview as typeof overview;
  });
  afterAll(() => opened?.close());

  test('Accuracy: title, forecasters, calibration and series match the API', async () => {
    const { page, text } = opened;
    await opened.open('#/accuracy');
    await page.locator('.hundred').waitFor();
    const { served } = overview;
    expect(await text('h1')).toBe(
      `The forecast beats the mean of 4 weeks by ${percent(served?.skill as number)}; ` +
        'of 100 intervals 80 should hold, 79 did',
    );
    // The first day of the scores is one before the first promotion.
    await page.locator('.finding', { hasText: 'before Mon 16 Feb 19:05: what came' }).waitFor();
    expect(await page.locator('.hundred rect.in').count()).toBe(79);
    const rows = await page.locator('.who tbody tr').allInnerTexts();
    expect(rows).toHaveLength(overview.forecasters.length);
    for (const [i, { skill, mae, coverage }] of overview.forecasters.entries()) {
      const figures = (rows[i] as string).split('\t').slice(1);
      expect(figures).toEqual([
        (mae as number).toPrecision(3),
        percent(skill as number),
        String(Math.round(100 * (coverage as number))),
      ]);
    }
    const { best, worst } = overview.series;
    const ranks = await page.locator('.ranks tbody tr').allInnerTexts();
    expect(ranks[0]).toContain(`${best[0]?.title}\t`);
    expect(ranks.at(-1)).toContain(percent(worst[0]?.served?.skill as number));
  });

  test('Accuracy: each chart has a mark for each value of the API', async () => {
    const { page } = opened;
    const marks = (name: string, child: string) =>
      page.locator(`.plot [aria-description="${name}"] ${child}`).count();
    expect(await marks('held', 'circle')).toBe(overview.steps.length);
    expect(await marks('hours', 'rect')).toBe(168);
    const losses = overview.hoursOfWeek.filter(({ served }) => (served?.skill as number) < 0);
    expect(await marks('losses', 'text')).toBe(losses.length);
    for (const name of ['served', 'naive', 'challenger'])
      expect(await page.locator(`.plot [aria-description="${name}"]`).count()).toBeGreaterThan(0);
    const titles = await page.locator('.plot circle title').allTextContents();
    const worst = overview.days.find(({ served }) => (served?.skill as number) < 0);
    expect(titles.some((one) => one.endsWith(percent(worst?.served?.skill as number)))).toBe(true);
  });

  test('Accuracy: the week view is in the address, and a series is a link', async () => {
    const { page, text } = opened;
    await page.getByText('Intervals held', { exact: true }).click();
    await page.waitForURL('**#/accuracy?week=held');
    expect(await page.locator('[aria-pressed=true]').allInnerTexts()).toEqual(['Intervals held']);
    await page.locator('.ranks a').first().click();
    await page.locator('.plot').first().waitFor();
    expect(await text('h1')).toContain(overview.series.best[0]?.title);
    await page.goBack();
    await page.locator('.hundred').waitFor();
    expect(page.url()).toContain('week=held');
  });

  test('Health: lists open findings first, with their evidence', async () => {
    const { page, text } = opened;
    await opened.open('#/health');
    await page.locator('.then').waitFor();
    const standing = overview.verdicts.filter(({ endedAt }) => endedAt === null);
    expect(await text('h1')).toBe(`One thing needs attention: ${standing[0]?.message}`);
    expect(await text('.verdict .pairs')).toContain('61.25');
    expect(await text('.verdict')).toContain('Old Town');
    expect(await text('.fresh')).toContain('6 of 7');
    const jobs = await page.locator('.jobs tbody tr').allInnerTexts();
    expect(jobs).toHaveLength(4);
    expect(jobs.at(-1)).toContain('SOURCE_NOT_FOUND');
    expect(await page.locator('.decisions li').count()).toBe(4);
  });

  test('Health: the scrubber shows what was known and served, why, and the outcome', async () => {
    const { page } = opened;
    // Forecasts and decisions are loaded each by itself.
    const then = async (at: number, decision: string) => {
      await opened.open(`#/health/74?at=${new Date(at).toISOString().slice(0, 16)}Z`);
      await page.locator('.then', { hasText: ', came 40' }).waitFor();
      await page.locator('.then', { hasText: decision }).waitFor();
      return page.locator('.then dd').allInnerTexts();
    };
    const midnight = Math.floor(NOW / (24 * HOUR)) * 24 * HOUR - 24 * HOUR;
    const inside = await then(midnight + 10 * HOUR, 'rolled back: 48 % more');
    expect(inside[0]).toMatch(/^data until Sun 1 Mar 05:00/);
    expect(inside[1]).toContain('model-1');
    expect(inside[2]).toContain('rolled back: 48 % more');
    expect(inside[3]).toBe(
      'yes, inside its 80 % band\nNorth Harbour: forecast 39 (31 – 52), came 40',
    );
    const outside = await then(midnight + 12 * HOUR, 'rolled back: 48 % more');
    expect(outside[3]).toContain('no, outside its 80 % band');
    const worse = await then(midnight - 3.5 * 24 * HOUR, 'promote by person');
    expect([worse[1], worse[2]]).toEqual([
      expect.stringContaining('model-2'),
      expect.stringContaining('promote by person'),
    ]);
    await page.locator('.strip input').focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/at=2026-02-25T13:00Z/);
    await page.locator('.decisions .link').last().click();
    await page.locator('.then', { hasText: '21 % less pinball loss' }).waitFor();
  });

  test('the views fit 390 px and 1920 px in light and dark mode, without axe findings', async () => {
    const { page, axe } = opened;
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const [fragment, drawn] of [
        ['#/accuracy', '.hundred'],
        ['#/health', '.then'],
      ] as const) {
        for (const width of [390, 1920]) {
          await page.setViewportSize({ width, height: 800 });
          await opened.open(fragment);
          await page.locator(drawn).waitFor();
          expect([fragment, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([
            fragment,
            width,
          ]);
        }
        expect(await axe()).toEqual([]);
      }
    }
  });

  test('the views explain what to do before the first check', async () => {
    const empty = await openPage({ ...options, monitoring: sourcesOf(memoryObjectStore()) });
    await empty.page.goto(`${empty.server.url}/#/accuracy`);
    await empty.page.locator('.whole', { hasText: 'headway monitor' }).waitFor();
    await empty.page.goto(`${empty.server.url}/#/health`);
    await empty.page.locator('h1', { hasText: 'No check has been made yet' }).waitFor();
    expect(await empty.page.locator('.jobs').count()).toBe(0);
    expect(await empty.axe()).toEqual([]);
    expect(empty.complaints).toEqual([]);
    await empty.close();
  });

  test('logs no error and fetches nothing from elsewhere', () => {
    expect(opened.complaints).toEqual([]);
    expect(opened.elsewhere()).toEqual([]);
  });
});
