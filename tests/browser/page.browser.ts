/**
 * Purpose: the page in a real browser: its numbers are the API's, and links, Back, search, keys and
 * themes work.
 * Invariants: no request leaves the service; not one console message of a problem.
 * Fails: skips with one line where no Chromium is installed.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import type { ForecastResponse } from '../../services/inference/openapi/forecast-schemas.ts';
import type {
  DecisionResponse,
  GroupForecastResponse,
  PathsResponse,
} from '../../services/inference/openapi/group-schemas.ts';
import type { RecordResponse } from '../../services/inference/openapi/record-schemas.ts';
import { exact, figure, percent, signed } from '../../web/parts/format.ts';
import { createFixture, HOUR } from '../fakes/inference.ts';
import { memoryObjectStore } from '../fakes/memory-object-store.ts';
import { DAY_START, publish, sourcesOf } from '../fixtures/published.ts';
import { type OpenedPage, openPage } from './open-page.ts';
import { withBrowser } from './with-browser.ts';

/** Intervals before the cutoff that the scrubber has. */
const PAST = 336;
/** The chart of Series. */
const CHART = '.c12 .plot';

withBrowser('the page', () => {
  const { fixture, options } = createFixture({ snapshot: 3, champion: 'model-1.2' });
  let opened: OpenedPage;
  beforeAll(async () => {
    const store = memoryObjectStore();
    await publish(store);
    const harbour = { groupId: 'harbour', title: 'Harbour side' };
    opened = await openPage({
      ...options,
      domain: {
        ...options.domain,
        groupsOf: (id) => (id === 'a/b' || id === '74' ? [harbour] : []),
      },
      monitoring: sourcesOf(store),
    });
  });
  afterAll(() => opened?.close());

  const forecastOf = async (id: string) =>
    (await (
      await fetch(`${opened.server.url}/v1/series/${id}/forecast?history=672`)
    ).json()) as ForecastResponse;

  const allForecasts = async () =>
    (await (await fetch(`${opened.server.url}/v1/forecasts?format=ndjson&history=240`)).text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ForecastResponse);
  const sum = (values: readonly (number | null | undefined)[]) =>
    values.reduce<number>((total, value) => total + (value ?? Number.NaN), 0);

  test('Now: the total, every tile and the weekly change are sums of the API', async () => {
    const { page, text } = opened;
    await opened.open('');
    await page.locator('.tiles a').first().waitFor();
    const forecasts = await allForecasts();
    const totals = forecasts[0]?.mean.map((_, k) => sum(forecasts.map(({ mean }) => mean[k])));
    const peak = Math.max(...(totals as number[]));
    expect(await text('h1')).toMatch(
      new RegExp(`^Demand peaks at \\d\\d:00: ${figure(peak)} orders`),
    );
    expect(await text('.finding p')).toContain(
      `${figure(sum(totals as number[]))} orders in the next 24`,
    );
    for (const step of [0, 7, 23]) {
      await page.locator('.strip input').fill(String(PAST + step));
      await page.waitForURL(`**/#/now?at=${forecasts[0]?.timestamps[step]?.slice(0, 16)}Z`);
      const tiles = await page.locator('.tiles a').allInnerTexts();
      const expected = forecasts.map(
        ({ title, mean }) => `${title}\n${figure(mean[step] as number)}`,
      );
      expect(tiles.map((tile) => tile.trim()).sort()).toEqual(expected.sort());
      expect(await text('.readout')).toContain(`mean ${exact(totals?.[step] as number)}`);
      const lastWeek = sum(forecasts.map(({ history }) => history?.values.at(-168 + step)));
      expect(await text('.readout')).toContain(`last week ${exact(lastWeek)}`);
      const [first] = [...forecasts].sort(
        (a, b) => (b.mean[step] as number) - (a.mean[step] as number),
      );
      const change = (first?.mean[step] as number) - (first?.history?.values.at(-168 + step) ?? 0);
      // The change waits for the history of all series.
      const top = page.locator('.list tr').first();
      await top.getByText(signed(change), { exact: true }).waitFor();
      const row = await top.innerText();
      expect(row.split(/\s*\t\s*/).filter(Boolean)).toEqual([
        first?.title,
        figure(first?.mean[step] as number),
        signed(change),
      ]);
    }
    expect(await text('.age')).toBe('data ended 5 min ago');
  });

  test('Now: the interval and the exceedance of a capacity are those of the API', async () => {
    const { page, server, text } = opened;
    const ask = async (query: string) =>
      (await (
        await fetch(`${server.url}/v1/groups/all/forecast${query}`)
      ).json()) as GroupForecastResponse;
    await opened.open('');
    const { quantiles, mean } = await ask('');
    const peak = mean.indexOf(Math.max(...mean));
    const [low, high] = ['0.1', '0.9'].map((q) => figure(quantiles[q]?.[peak] as number));
    await page.locator('h1', { hasText: `80 % between ${low} and ${high}` }).waitFor();
    const slider = page.locator('.slider');
    const most = Number(await slider.getAttribute('max'));
    const step = Number(await slider.getAttribute('step'));
    const capacity = Math.round(most / 2 / step) * step;
    await slider.fill(String(capacity));
    await page.locator('.figure', { hasText: `${exact(capacity)} orders suffice` }).waitFor();
    const { exceeds } = await ask(`?capacity=${capacity}`);
    const share = (probability = Number.NaN) => Math.round(100 * (1 - probability));
    expect(await text('.figure')).toContain(
      `in ${share(exceeds?.probability[peak])} of 100 cases, and at all 24 hours in ` +
        `${share(exceeds?.anyWindow)}`,
    );
    expect(await page.locator('.plot [aria-description=probability] rect').count()).toBe(24);
  });

  test('Now: a group is shown alone, and Back leads to all', async () => {
    const { page, server, text } = opened;
    await page.locator('.group h3 a', { hasText: 'Harbour side' }).click();
    const url = `${server.url}/v1/groups/harbour/forecast`;
    const { mean, series } = (await (await fetch(url)).json()) as GroupForecastResponse;
    await page
      .locator('h1', {
        hasText: new RegExp(`^Harbour side peaks.*${figure(Math.max(...mean))} orders`),
      })
      .waitFor();
    await page
      .locator('.tiles a, .where a')
      .nth(series - 1)
      .waitFor();
    expect(await page.locator('.tiles a, .where a').count()).toBe(series);
    expect(page.url()).toContain('group=harbour');
    expect(await text('.crumbs')).toContain('All districts');
    await page.goBack();
    await page.locator('h1', { hasText: /^Demand peaks/ }).waitFor();
  });

  test('Now: the tiles show actuals before the cutoff', async () => {
    const { page, text } = opened;
    const forecasts = await allForecasts();
    await page.locator('.tiles a').first().waitFor();
    await page.locator('.strip input').fill(String(PAST - 3));
    const actual = (forecast: ForecastResponse) => forecast.history?.values.at(-3) as number;
    const tiles = await page.locator('.tiles a').allInnerTexts();
    const expected = forecasts.map((one) => `${one.title}\n${figure(actual(one))}`);
    expect(tiles.map((tile) => tile.trim()).sort()).toEqual(expected.sort());
    expect(await text('.readout')).toContain(`actual ${exact(sum(forecasts.map(actual)))}`);
    expect(await text('.time')).toContain('2 h before the last known');
  });

  test('the arrow keys step through time, and a link to a time shows it', async () => {
    const { page } = opened;
    const { timestamps } = await forecastOf('74');
    await opened.open(`#/now?at=${timestamps[4]?.slice(0, 16)}Z`);
    await page.locator('.tiles a').first().waitFor();
    expect(await page.locator('.strip input').inputValue()).toBe(String(PAST + 4));
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('.strip input').inputValue()).toBe(String(PAST + 5));
  });

  test('a tile leads to the series at the same time, and Back returns', async () => {
    const { page, text } = opened;
    const { timestamps, quantiles } = await forecastOf('74');
    await opened.open(`#/now?at=${timestamps[9]?.slice(0, 16)}Z`);
    await page.locator('.tiles a', { hasText: 'North Harbour' }).click();
    await page.locator('.plot path[aria-label], .plot [aria-description]').first().waitFor();
    expect(page.url()).toBe(`${opened.server.url}/#/series/74?at=${timestamps[9]?.slice(0, 16)}Z`);
    expect(await text('.readout')).toContain(`median ${exact(quantiles['0.5']?.[9] as number)}`);
    await page.keyboard.press('ArrowRight');
    await page.goBack();
    await page.locator('.tiles a').first().waitFor();
    expect(await page.locator('.strip input').inputValue()).toBe(String(PAST + 9));
  });

  test('Series: the title, the readout and the table match the API', async () => {
    const { page, text } = opened;
    const response = await forecastOf('74');
    const median = response.quantiles['0.5'] as number[];
    await opened.open('#/series/74');
    await page.locator(CHART).waitFor();
    expect(await text('h1')).toMatch(/^North Harbour peaks at \d\d:00: /);
    expect(await text('h1')).toContain(`${figure(Math.max(...median))} orders`);
    // Keys move the scrubber, whose times are loaded by themselves.
    await page.locator('.strip input').waitFor();
    await page.keyboard.press('PageDown');
    await page.keyboard.press('PageDown');
    expect(await text('.readout')).toContain(`median ${exact(median.at(-1) as number)}`);
    for (let back = 0; back < 24; back++) await page.keyboard.press('ArrowLeft');
    expect(await text('.readout')).toContain(
      `actual ${exact(response.history?.values.at(-1) as number)}`,
    );
    await page.locator('summary').click();
    await page.locator('.numbers tbody tr').first().waitFor();
    expect(await page.locator('.numbers tbody tr').count()).toBe(672 + 24);
    expect(await page.locator('.numbers tr.future').count()).toBe(24);
    expect(await page.locator('.numbers tr.future td:nth-child(4)').allInnerTexts()).toEqual(
      median.map(exact),
    );
  });

  test('Series: the chart has every line, and the window is in the address', async () => {
    const { page } = opened;
    await opened.open('#/series/74');
    await page.locator(CHART).waitFor();
    for (const name of ['actual', 'median forecast', 'mean forecast', 'naive', '80 % interval'])
      expect(await page.locator(`.plot [aria-description="${name}"]`).count()).toBe(1);
    await page.getByText('7 days', { exact: true }).click();
    await page.waitForURL('**days=7**');
    expect(await page.locator('[aria-pressed=true]').allInnerTexts()).toEqual(['7 days']);
  });

  test('Series: the parts of the explanation sum to the forecast', async () => {
    const { page } = opened;
    await opened.open('#/series/74');
    await page.locator('.why .sum').waitFor();
    const numbers = (await page.locator('.why b').allInnerTexts()).map((text) =>
      Number(text.replace('−', '-').replace('+', '')),
    );
    const total = numbers.pop() as number;
    expect(numbers.reduce((sum, one) => sum + one, 0)).toBeCloseTo(total, 1);
  });

  test('Series: shows earlier forecasts, their errors and the coverage', async () => {
    const { page, server, text } = opened;
    const url = `${server.url}/v1/series/74/record`;
    const record = (await (await fetch(url)).json()) as RecordResponse;
    const target = new Date(DAY_START + 5 * HOUR).toISOString();
    await opened.open(`#/series/74?at=${target.slice(0, 16)}Z`);
    await page.locator('.held').waitFor();
    const { mae = 0, coverage = 0, pairs = 0 } = record.score ?? {};
    const found = await page.locator('.pairs dd').allInnerTexts();
    expect(found).toContain(`${percent(coverage)} of ${exact(pairs)}`);
    expect(found).toContain(`${exact(mae)} orders`);
    // The last forecast before it: the one whose cutoff is the interval before.
    const last = record.forecasts.find(({ cutoff }) => Date.parse(cutoff) === DAY_START + 4 * HOUR);
    const median = last?.quantiles['0.5']?.[0] as number;
    expect(await text('.readout')).toContain(`forecast 1 ahead ${exact(median)}`);
    await page.getByText('Earlier forecasts', { exact: true }).click();
    await page.waitForURL('**vintages=1**');
    expect(await page.locator('.plot [aria-description=vintage]').count()).toBe(
      record.forecasts.length,
    );
  });

  test('Series: capacity, probability and sample paths are those of the API', async () => {
    const { page, server, text } = opened;
    const ask = async (path: string) =>
      (await fetch(`${server.url}/v1/series/74/${path}`)).json() as Promise<
        Pick<DecisionResponse, 'exceeds' | 'quantity'> & PathsResponse
      >;
    const { timestamps, quantiles } = await forecastOf('74');
    await opened.open(`#/series/74?at=${timestamps[9]?.slice(0, 16)}Z&paths=1`);
    await page.locator(`${CHART} [aria-description=path]`).first().waitFor();
    expect(await page.locator(`${CHART} [aria-description=path]`).count()).toBe(12);
    const { paths } = await ask('paths?count=12');
    expect(paths.map((path) => path.length)).toEqual(Array(12).fill(24));
    const slider = page.locator('.slider');
    const step = Number(await slider.getAttribute('step'));
    const capacity = Math.round((quantiles['0.5']?.[9] as number) / step) * step;
    await slider.fill(String(capacity));
    await page.locator('.figure', { hasText: `${exact(capacity)} orders suffice` }).waitFor();
    const { exceeds, quantity } = await ask(`decision?under=9&over=1&capacity=${capacity}`);
    expect(await text('.figure')).toContain(
      `in ${Math.round(100 * (1 - (exceeds?.probability[9] as number)))} of 100 cases`,
    );
    expect(await page.locator('.pairs dd').allInnerTexts()).toContain(
      `${figure(quantity[9] as number)} orders`,
    );
  });

  test('names of days end within the scrubber, on narrow screens too', async () => {
    const { page } = opened;
    await opened.open('');
    await page.locator('.strip em').first().waitFor();
    for (const width of [320, 360, 390, 480, 640, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const ends = await page
        .locator('.strip em:visible')
        .evaluateAll((names) => names.map((name) => name.getBoundingClientRect().right));
      const { x = 0, width: span = 0 } = (await page.locator('.strip').boundingBox()) ?? {};
      expect(ends.length).toBeGreaterThan(1);
      expect([width, Math.max(...ends) <= x + span]).toEqual([width, true]);
    }
  });

  test('Series: keys and mouse move the window and update the address', async () => {
    const { page } = opened;
    const { history } = await forecastOf('74');
    const shown = () => page.url().match(/from=(.*?)&until=(.*?)(&|$)/);
    await opened.open('#/series/74');
    await page.locator(CHART).waitFor();
    // What is loaded later moves the window slider down, away from where the mouse is.
    await page.getByText('Earlier forecasts', { exact: true }).waitFor();
    const until = page.locator('.window .until');
    await until.focus();
    for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowLeft');
    // The forecast has 24 intervals: 30 back is before it.
    const last = history?.timestamps.at(-7)?.slice(0, 16);
    await page.waitForURL(`**until=${last}Z*`);
    expect(await page.locator(`${CHART} [aria-description="median forecast"]`).count()).toBe(0);
    const before = Date.parse(shown()?.[1] as string);
    const shade = page.locator('.shade');
    await shade.hover();
    const { x = 0, y = 0, width = 0, height = 0 } = (await shade.boundingBox()) ?? {};
    await page.mouse.down();
    await page.mouse.move(x + width / 2 - 200, y + height / 2);
    await page.mouse.up();
    await page.waitForURL(({ hash }) => !hash.includes(`until=${last}Z`));
    expect(Date.parse(shown()?.[1] as string)).toBeLessThan(before);
    // A touch that the browser takes for itself ends without `pointerup`.
    await page.mouse.down();
    await shade.dispatchEvent('pointercancel');
    const kept = page.url();
    await page.mouse.move(x + width / 2 + 100, y + height / 2);
    await page.mouse.up();
    expect(page.url()).toBe(kept);
    await page.goBack();
    await page.waitForURL(`**until=${last}Z*`);
    await page.getByText('2 days', { exact: true }).click();
    expect(shown()).toBeNull();
  });

  test('every view shows the time of the scrubber, and what was known and served then', async () => {
    const { page, server, text } = opened;
    const record = (await (
      await fetch(`${server.url}/v1/series/74/record`)
    ).json()) as RecordResponse;
    const target = DAY_START + 5 * HOUR;
    const at = `${new Date(target).toISOString().slice(0, 16)}Z`;
    await opened.open(`#/series/74?at=${at}`);
    await page
      .locator(`${CHART} [aria-description="forecast then"]`)
      .waitFor({ state: 'attached' });
    const last = record.forecasts.find(({ cutoff }) => Date.parse(cutoff) === target - HOUR);
    await page
      .locator('.then', { hasText: `forecast ${exact(last?.quantiles['0.5']?.[0] as number)}` })
      .waitFor();
    const shown = await text('.time b');
    for (const view of ['Accuracy', 'Health', 'Now']) {
      await page.getByRole('link', { name: view, exact: true }).click();
      await page.waitForURL(`**/#/${view.toLowerCase()}?at=${at}`);
      expect(await text('.time b')).toBe(shown);
    }
    await page.locator('.tiles a').first().waitFor();
    await page.getByText('Next peak', { exact: true }).click();
    await page.locator('.time', { hasText: 'ahead' }).waitFor();
  });

  test('Series: the downloaded Parquet holds the numbers of the API', async () => {
    const { page } = opened;
    await opened.open('#/series/74');
    const response = await forecastOf('74');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByText('Parquet', { exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('demo-74.parquet');
    const file = await asyncBufferFromFile(await download.path());
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(672 + 24);
    expect(rows.at(-1)).toEqual({
      ds: new Date(response.timestamps[23] as string),
      y: null,
      'q0.1': response.quantiles['0.1']?.[23],
      'q0.5': response.quantiles['0.5']?.[23],
      'q0.9': response.quantiles['0.9']?.[23],
      mean: response.mean[23],
    });
    expect(rows[0]?.y).toBe(response.history?.values[0]);
  });

  test('Series: the downloaded CSV holds the numbers of the API', async () => {
    const { page } = opened;
    await opened.open('#/series/74');
    const response = await forecastOf('74');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByText('CSV', { exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('demo-74.csv');
    const lines: string[] = [];
    for await (const chunk of await download.createReadStream()) lines.push(String(chunk));
    const rows = lines.join('').trimEnd().split('\n');
    expect(rows[0]).toBe('ds,y,q0.1,q0.5,q0.9,mean');
    expect(rows).toHaveLength(1 + 672 + 24);
    const k = 23;
    const quantiles = ['0.1', '0.5', '0.9'].map((q) => response.quantiles[q]?.[k]);
    expect(rows.at(-1)).toBe(
      [response.timestamps[k], '', ...quantiles, response.mean[k]].join(','),
    );
  });

  test('finds a series by keyboard, then shows its shell command', async () => {
    const { page, text } = opened;
    await opened.open('#/series/74');
    await page.locator(CHART).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('old t');
    expect(await page.locator('#found [role=option]').count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.locator('h1', { hasText: 'Old Town' }).waitFor();
    expect(page.url()).toContain('/#/series/75');
    expect(await text('#curl')).toBe(
      `curl '${opened.server.url}/v1/series/75/forecast?history=672'`,
    );
    await page.goBack();
    await page.locator('h1', { hasText: 'North Harbour' }).waitFor();
  });

  test('shows markup in ids and titles as text, with working addresses', async () => {
    const { page } = opened;
    await page.keyboard.press('/');
    await page.keyboard.type('bold');
    await page.keyboard.press('Enter');
    await page.locator('h1', { hasText: '<b>bold</b>' }).waitFor();
    expect(page.url()).toContain('/#/series/%3Cb%3Ebold%3C%2Fb%3E');
    await opened.open('#a/b');
    await page.locator('h1', { hasText: 'a/b' }).waitFor();
    await opened.open('#/series/unknown');
    await page.locator('h1', { hasText: 'There is no district unknown' }).waitFor();
  });

  test('? lists the keys, Escape closes the list, and 1 opens the first view', async () => {
    const { page } = opened;
    await page.keyboard.press('?');
    await page.locator('dialog[open]', { hasText: 'find a series' }).waitFor();
    await page.keyboard.press('Escape');
    // The browser closes it a moment later, and until then its keys are its own.
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await page.locator('dialog[open]').count()).toBe(0);
    await page.keyboard.press('1');
    await page.locator('.tiles a').first().waitFor();
  });

  test('fits 360 px and 1920 px in light and dark mode, without findings of axe', async () => {
    const { page, axe } = opened;
    const grounds = { light: 'rgb(255, 255, 255)', dark: 'rgb(15, 18, 22)' };
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const [fragment, drawn] of [
        ['#/now', '.tiles a'],
        ['#/series/74', '.why .sum'],
      ] as const) {
        for (const width of [360, 1920]) {
          await page.setViewportSize({ width, height: 800 });
          await opened.open(fragment);
          await page.locator(drawn).first().waitFor();
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        }
        expect(await axe()).toEqual([]);
      }
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(ground).toBe(grounds[colorScheme]);
    }
  });

  test('the docs page works under the same strict policy', async () => {
    const { page, server } = opened;
    await page.setViewportSize({ width: 1100, height: 900 });
    await page.goto(`${server.url}/docs`);
    await page.locator('.opblock').first().waitFor();
    const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const operations = Object.values(paths).flatMap((methods) => Object.keys(methods));
    expect(operations.length).toBeGreaterThan(10);
    expect(await page.locator('.opblock').count()).toBe(operations.length);
  });

  test('shows a new snapshot as soon as it is served, without a flicker', async () => {
    const { page, server } = opened;
    await opened.open('#/series/74');
    await page.locator('footer', { hasText: '3-0f1e2d3c4b5a' }).waitFor();
    await page.locator(CHART).waitFor();
    await page.evaluate(`globalThis.drawings = [];
      new MutationObserver(() => drawings.push(document.querySelectorAll('${CHART}').length))
        .observe(document.body, { childList: true, subtree: true })`);
    fixture.snapshot = 4;
    await server.app.serving.refresh();
    await page.locator('footer', { hasText: '4-0f1e2d3c4b5a' }).waitFor();
    const { quantiles } = await forecastOf('74');
    const peak = Math.max(...(quantiles['0.5'] as number[]));
    await page.locator('h1', { hasText: figure(peak) }).waitFor();
    // There was a chart at every moment.
    expect(Math.min(...((await page.evaluate('drawings')) as number[]))).toBe(1);
  });

  test('logs no error and fetches nothing from elsewhere', () => {
    expect(opened.complaints).toEqual([]);
    expect(opened.elsewhere()).toEqual([]);
  });

  test('explains that a series has no forecast, without a chart', async () => {
    const { page } = opened;
    await opened.open('#/series/dead');
    await page.locator('.whole', { hasText: 'too few recent values' }).waitFor();
    expect(await page.locator('.plot').count()).toBe(0);
  });
});
