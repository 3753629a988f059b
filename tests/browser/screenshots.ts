/**
 * Purpose: `npm run screenshots -- URL` takes the screenshots of a running service: those of the
 * README (docs/page.png, docs/api.png), and every view in both themes and three widths in
 * build/page/.
 * Invariants: what one shows is what that service served; nothing is drawn by hand.
 * Fails: where no Chromium is installed, or nothing responds at URL within half a minute.
 */
import { mkdir } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { openBrowser } from './open-browser.ts';

const [, , url = 'http://127.0.0.1:8080'] = process.argv;
const OUT = 'build/page';
const VIEWS = ['now', 'series', 'accuracy', 'health'];
const WIDTHS = [390, 1280, 1920];

/** Whether nothing has been received for a while; the event stream stays open. */
const IS_QUIET = `performance.getEntriesByType('resource')
  .every(({ responseEnd }) => performance.now() - responseEnd > 1500)`;

/** Until nothing is loaded any more. */
async function open(page: Page, fragment: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${url}/${fragment}`);
  await page.locator('h1').first().waitFor();
  while (!(await page.evaluate(IS_QUIET))) await page.waitForTimeout(250);
}

const browser = await openBrowser();
const page = await browser.context.newPage();
page.setDefaultTimeout(30_000);
await mkdir(OUT, { recursive: true });
for (const colorScheme of ['light', 'dark'] as const) {
  await page.emulateMedia({ colorScheme });
  for (const view of VIEWS) {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await open(page, `#/${view}`);
      await page.screenshot({ path: `${OUT}/${view}-${colorScheme}-${width}.png`, fullPage: true });
    }
  }
}
await page.emulateMedia({ colorScheme: 'light' });
await page.setViewportSize({ width: 1280, height: 960 });
await open(page, '#/now');
await page.screenshot({ path: 'docs/page.png' });
await page.setViewportSize({ width: 1000, height: 1340 });
await page.goto(`${url}/docs`);
await page.locator('.opblock').first().waitFor();
await page.screenshot({ path: 'docs/api.png' });
await browser.close();
