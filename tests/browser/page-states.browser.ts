/**
 * Purpose: what the page says when there is something other than fresh forecasts of the champion:
 * each state in a real browser, with a screenshot in build/page/.
 * Invariants: the real service in that state; axe finds nothing serious in any of them.
 * Fails: skips with one line where no Chromium is installed.
 */
import { afterEach, expect, test } from '@jest/globals';
import { fixedClock } from '../../platform/clock.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { createFixture, HOUR, NOW } from '../fakes/inference.ts';
import { memoryObjectStore } from '../fakes/memory-object-store.ts';
import { prefixProxy } from '../fixtures/inference/prefix-proxy.ts';
import { publish, sourcesOf } from '../fixtures/published.ts';
import { type OpenedPage, openPage } from './open-page.ts';
import { withBrowser } from './with-browser.ts';

withBrowser('states of the page', () => {
  let opened: OpenedPage | null = null;
  afterEach(async () => {
    await opened?.close();
    opened = null;
  });

  const open = async (
    changes: Parameters<typeof createFixture>[0] = {},
    settings: { staleAfterIntervals?: number; urlPrefix?: string } = {},
    now = NOW,
  ) => {
    const { fixture, options } = createFixture(changes);
    opened = await openPage({
      ...{ ...options, clock: fixedClock(now) },
      settings: { ...options.settings, ...settings },
    });
    return { ...opened, fixture };
  };
  /** Both themes, a narrow and a wide screen; and what axe says. */
  const look = async ({ page, axe }: OpenedPage, name: string) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        await page.screenshot({ path: `build/page/${name}-${colorScheme}-${width}.png` });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      }
      expect(await axe()).toEqual([]);
    }
  };

  test('loading: shows a skeleton only after a moment', async () => {
    const { page, server } = await open();
    let free = () => {};
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    await page.route('**/v1/forecasts*', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(server.url);
    await page.locator('.skeleton').waitFor();
    await look(opened as OpenedPage, 'loading');
    free();
    await page.locator('.where a').first().waitFor();
    expect(await page.locator('.skeleton').count()).toBe(0);
  });

  test('empty: explains what to do, and shows data once there is some', async () => {
    const { page, server, fixture } = await open({ snapshot: 0 });
    await page.goto(server.url);
    await page.locator('h1', { hasText: 'No forecast yet' }).waitFor();
    await page.locator('pre', { hasText: 'headway train' }).waitFor();
    await look(opened as OpenedPage, 'empty');
    fixture.snapshot = 1;
    await server.app.serving.refresh();
    await page.locator('.where a').first().waitFor({ timeout: 12_000 });
  });

  test('stale: shows the age and the time of the data', async () => {
    const { page, server } = await open({}, { staleAfterIntervals: 2 }, NOW + 5 * HOUR);
    await page.goto(server.url);
    const notice = page.locator('.notice', { hasText: 'No data for 5 h' });
    await notice.waitFor();
    expect(await notice.innerText()).toMatch(/The last interval known is Sun 1 Mar 18:00/);
    await page.locator('.where a').first().waitFor();
    await look(opened as OpenedPage, 'stale');
  });

  test('a shard: says what it has, and where a series of another shard is', async () => {
    const { options } = createFixture();
    opened = await openPage({ ...options, shard: { index: 1, count: 2 } });
    const { page, complaints } = opened;
    await opened.open('#/now');
    await page.locator('h1', { hasText: 'Shard 1/2: 3 of 7 districts' }).waitFor();
    await look(opened, 'shard');
    expect(opened.addresses.filter((url) => url.includes('/v1/groups'))).toEqual([]);
    await page.locator('table.list a', { hasText: 'North Harbour' }).click();
    await page.locator('h1', { hasText: 'North Harbour' }).waitFor();
    for (const view of ['accuracy', 'health']) {
      await opened.open(`#/${view}`);
      await page.locator('main h1').first().waitFor();
    }
    expect(complaints).toEqual([]);
    await opened.open('#/series/a%2Fb');
    await page.locator('h1', { hasText: 'a/b is not in shard 1/2' }).waitFor();
    expect(await opened.text('.whole p')).toMatch(/ask 2\/2/);
  });

  test('old data, as after a replay: shows its record', async () => {
    const { options } = createFixture({ snapshot: 3, champion: 'model-1.2' });
    const store = memoryObjectStore();
    await publish(store);
    const clock = fixedClock(NOW + 1000 * 24 * HOUR);
    opened = await openPage({ ...options, clock, monitoring: sourcesOf(store) });
    await opened.page.goto(`${opened.server.url}/#/series/74`);
    await opened.page.locator('.held').waitFor();
    expect(await opened.page.locator('.pairs dt').allInnerTexts()).toContain(
      'mean error of the median',
    );
  });

  test('many series in groups: shows a part of the tiles until all are requested', async () => {
    const ids = Array.from({ length: 600 }, (_, i) => `place-${i}`);
    const { options } = createFixture({ ids, snapshot: 3, champion: 'model-1.2' });
    const groupsOf = (id: string) => {
      const part = Number(id.slice(6)) % 3;
      return [{ groupId: `part-${part}`, title: `Part ${part}` }];
    };
    opened = await openPage({ ...options, domain: { ...options.domain, groupsOf } });
    const { page, server } = opened;
    await page.goto(server.url);
    const tiles = page.locator('.tiles a');
    await tiles.nth(401).waitFor();
    expect(await tiles.count()).toBe(3 * 134);
    await page.getByText('Show all 200', { exact: true }).first().click();
    await tiles.nth(2 * 134 + 199).waitFor();
    expect(await tiles.count()).toBe(2 * 134 + 200);
  });

  test('fallback: names and draws the baseline with the reason', async () => {
    const { page, server } = await open({ champion: null });
    await page.goto(`${server.url}/#/series/74`);
    await page.locator('.notice', { hasText: 'No model has been promoted yet' }).waitFor();
    await page.locator('.c12 .plot').waitFor();
    const line = page.locator('.plot [aria-description="median forecast"]');
    expect(await line.getAttribute('stroke')).toBe('var(--naive)');
    await look(opened as OpenedPage, 'fallback');
  });

  test('failing: shows the code and the fix', async () => {
    const error = new HeadwayError('STORE_UNAVAILABLE', 'the store does not reply', {
      fix: 'Look at the store.',
    });
    const { page, server } = await open({ broken: { head: error, online: error } });
    await page.goto(server.url);
    await page.locator('h1', { hasText: 'The service cannot respond' }).waitFor();
    await page.locator('.whole', { hasText: 'the store does not reply' }).waitFor();
    await look(opened as OpenedPage, 'failing');
  });

  test('a busy route: is loaded again without a reload', async () => {
    const { page, server } = await open();
    let refusals = 0;
    await page.route('**/v1/model', async (route) => {
      if (refusals === 4) return route.continue();
      refusals++;
      const problem = { code: 'RATE_LIMITED', status: 429, title: '', detail: 'too many requests' };
      await route.fulfill({ status: 429, json: problem, contentType: 'application/problem+json' });
    });
    await page.goto(server.url);
    await page.locator('.whole', { hasText: 'too many requests' }).waitFor();
    await page.locator('.where a').first().waitFor({ timeout: 20_000 });
    expect(refusals).toBe(4);
  });

  test('offline: keeps what was received, and says so', async () => {
    const { page, server } = await open();
    await page.goto(server.url);
    await page.locator('.where a').first().waitFor();
    await server.close();
    await page.locator('.notice', { hasText: 'cannot be reached' }).waitFor({ timeout: 12_000 });
    expect(await page.locator('.where a').count()).toBeGreaterThan(0);
    await look(opened as OpenedPage, 'offline');
  });

  test('offline from the start: says so', async () => {
    const { page, server } = await open();
    await page.route('**/v1/forecasts*', (route) => route.abort());
    await page.route('**/v1/groups/**', (route) => route.abort());
    await page.goto(server.url);
    await page.locator('.whole', { hasText: 'The service cannot be reached' }).waitFor();
    expect(await page.locator('.whole').innerText()).not.toContain('enough recent history');
    await look(opened as OpenedPage, 'offline-at-once');
  });

  test('below a prefix: every address is relative to it', async () => {
    const { page, server, addresses } = await open({}, { urlPrefix: '/headway' });
    const proxy = await prefixProxy(server.port, '/headway', true);
    await page.goto(`${proxy.url}/headway/#/series/74`);
    await page.locator('.c12 .plot').waitFor();
    const base = `${proxy.url}/headway/`;
    expect(await page.locator('#curl').innerText()).toContain(`${base}v1/series/74/forecast`);
    expect(addresses.filter((url) => !url.startsWith(base) && !url.startsWith('data:'))).toEqual(
      [],
    );
    // Its connections are the page's.
    await page.goto('about:blank');
    await proxy.close();
  });
});
