/**
 * Purpose: the dashboard and the docs page in a real browser, against the real service on a free
 * port.
 * Invariants: no request leaves the service; not one console message of a problem.
 * Fails: skips with one line where no Chromium is installed.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { ForecastResponse } from '../../services/inference/openapi/forecast-schemas.ts';
import { type InferenceServer, startServer } from '../../services/inference/server.ts';
import { createFixture } from '../fakes/inference.ts';
import { chromiumPath, openBrowser } from './open-browser.ts';

if (chromiumPath === null)
  console.warn('browser tests skipped: install Chromium, or set CHROMIUM_PATH to its executable');
const suite = chromiumPath === null ? describe.skip : describe;

suite('in a browser', () => {
  const { fixture, options } = createFixture({ snapshot: 3, champion: 'model-1.2' });
  let server: InferenceServer;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let page: Page;
  const complaints: string[] = [];
  const elsewhere: string[] = [];

  beforeAll(async () => {
    server = await startServer({
      ...options,
      host: '127.0.0.1',
      port: 0,
      refreshIntervalMs: 3_600_000,
      closeTimeoutMs: 1000,
    });
    browser = await openBrowser();
    page = await browser.context.newPage();
    page.setDefaultTimeout(8000);
    page.on(
      'console',
      (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()),
    );
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith('data:'))
        elsewhere.push(request.url());
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const text = (selector: string) => page.locator(selector).innerText();

  test('draws the busiest series with its forecast, and says what made it', async () => {
    await page.goto(`${server.url}/#74`);
    await page.locator('#chart path.median').waitFor();
    expect(await text('h1')).toBe('Orders of a simulated town');
    expect(await text('#series-title')).toBe('North Harbour');
    expect(await text('#age')).toBe('data ends 5 min ago');
    expect(await text('#facts')).toContain('model-1.2');
    expect(await text('#facts')).toContain('3-0f1e2d3c4b5a');
    expect(await text('#metrics')).toContain('0.667');
    // of the figures that are shown
    expect(await text('#metrics-note')).toBe("From the champion's card. Lower is better.");
    for (const line of ['actual', 'median', 'naive', 'band']) {
      expect((await page.locator(`#chart path.${line}`).getAttribute('d'))?.length).toBeGreaterThan(
        100,
      );
    }
  });

  test('the pointer and the arrow keys read out what the API says', async () => {
    const response = (await (
      await fetch(`${server.url}/v1/series/74/forecast?history=168`)
    ).json()) as ForecastResponse;
    const chart = page.locator('#chart');
    const box = await chart.boundingBox();
    await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) * 0.5, (box?.y ?? 0) + 60);
    expect(await text('#readout')).toMatch(/actual/);
    await chart.focus();
    await page.keyboard.press('End');
    const median = Number(response.quantiles['0.5'].at(-1)?.toPrecision(4));
    expect(await text('#readout')).toContain(`median ${median}`);
    expect(await chart.getAttribute('aria-valuetext')).toContain(`median ${median}`);
    await page.keyboard.press('Home');
    expect(await text('#readout')).toContain(
      `actual ${Number(response.history?.values[0]?.toPrecision(4))}`,
    );
  });

  test('the table holds every interval of past and forecast', async () => {
    await page.locator('summary').click();
    expect(await page.locator('#numbers tbody tr').count()).toBe(168 + 24);
    expect(await page.locator('#numbers tbody tr.future-row').count()).toBe(24);
  });

  test('another series is searched and chosen by keyboard, and the curl line follows', async () => {
    await page.locator('#picker').click();
    await page.keyboard.type('old t');
    expect(await page.locator('#picker-list .option').count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.locator('#series-title', { hasText: 'Old Town' }).waitFor();
    const curl = await text('#curl');
    expect(curl).toBe(`curl '${server.url}/v1/series/75/forecast?history=168'`);
    expect(page.url()).toBe(`${server.url}/#75`);
  });

  test('a title full of markup is shown as text', async () => {
    await page.locator('#picker').click();
    await page.keyboard.type('bold');
    await page.locator('#picker-list .option').click();
    await page.locator('#series-title', { hasText: '<b>bold</b>' }).waitFor();
    expect(await page.locator('#series-title b').count()).toBe(0);
  });

  test('a new snapshot is picked up without choosing again', async () => {
    fixture.snapshot = 4;
    await server.app.serving.refresh();
    await page.reload();
    await page.locator('#facts', { hasText: '4-0f1e2d3c4b5a' }).waitFor();
    await page.locator('#series-title', { hasText: '<b>bold</b>' }).waitFor();
  });

  test('fits 360 px, in the light and in the dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 360, height: 740 });
      await page.reload();
      await page.locator('#chart path.median').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    }
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe('rgb(14, 19, 25)');
  });

  test('the docs page works under the same strict policy', async () => {
    await page.setViewportSize({ width: 1100, height: 900 });
    await page.goto(`${server.url}/docs`);
    await page.locator('.opblock').first().waitFor();
    // Every operation that the document has, GET /v1/decisions among them.
    const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const operations = Object.values(paths).flatMap((methods) => Object.keys(methods));
    expect(operations).toHaveLength(11);
    expect(await page.locator('.opblock').count()).toBe(operations.length);
  });

  test('nothing was complained of, and nothing was fetched from elsewhere', () => {
    expect(complaints).toEqual([]);
    expect(elsewhere).toEqual([]);
  });

  test('a series that cannot be forecast is said to be so, with no chart under its name', async () => {
    await page.goto(`${server.url}/#dead`);
    await page.locator('#trouble', { hasText: 'too few recent values' }).waitFor();
    expect(await page.locator('#chart svg').count()).toBe(0);
  });
});
