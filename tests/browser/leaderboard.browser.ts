/**
 * Purpose: the leaderboard page in a real browser: it asks for nothing, fits a phone, and follows
 * light and dark.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { leaderboardPage } from '../../reports/pages/leaderboard-page.ts';
import { toyLeaderboard } from '../fixtures/toy-leaderboard.ts';
import { openBrowser } from './open-browser.ts';
import { withBrowser } from './with-browser.ts';

withBrowser('the leaderboard page', () => {
  let folder: string;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let page: Page;
  const asked: string[] = [];
  const complaints: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-leaderboard-'));
    const path = join(folder, 'page.html');
    const { leaderboard } = await toyLeaderboard([
      'a',
      'b',
      'a series whose name is rather longer than one would wish it to be',
    ]);
    const html = leaderboardPage({
      leaderboard,
      domain: {
        name: 'toy',
        title: 'Toys',
        unit: 'toys per hour',
        seriesNoun: 'toy',
        timeZone: 'America/New_York',
        frequencyMinutes: 60,
        horizon: 6,
        quantiles: [0.1, 0.5, 0.9],
        integerValued: false,
        seriesTitle: (id) => id,
      },
      snapshotVersion: '3-0123456789ab',
      madeBy: 'seed 7, backend wasm',
      writtenAt: 0,
      refits: leaderboard.byCutoff.timestamps.slice(0, 1),
    });
    await writeFile(path, html);
    browser = await openBrowser();
    page = await browser.context.newPage();
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(pathToFileURL(path).href);
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('draws every chart, with the network and its forecast in the same blue', async () => {
    const boxes: number[] = await page.evaluate(
      'Array.from(document.querySelectorAll("svg[role=img]"), (svg) => svg.getBoundingClientRect().height)',
    );
    expect(boxes.length).toBeGreaterThan(8);
    expect(Math.min(...boxes)).toBeGreaterThan(90);
    const stroke = (selector: string) =>
      page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).stroke`);
    expect(await stroke('[aria-description=network]')).toBe('rgb(31, 95, 214)');
    expect(await stroke('[aria-description="median forecast"]')).toBe('rgb(31, 95, 214)');
  });

  test('fits 360 px in light and dark mode', async () => {
    for (const [colorScheme, ground] of [
      ['light', 'rgb(255, 255, 255)'],
      ['dark', 'rgb(15, 18, 22)'],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(ground);
    }
  });

  test('requests nothing but itself and logs no error', () => {
    expect(asked).toHaveLength(1);
    expect(complaints).toEqual([]);
  });
});
