/**
 * Purpose: measure the page in a real Chromium: the first view that says something, the tiles, and
 * how long an interaction takes until it is painted.
 *   npm run bench:page [-- --series 300] [--steps 40] [--runs 5] [--json FILE]
 * Invariants: the real service, in this process, on eight weeks of made-up hours with a forecaster
 * that computes nothing, so that the page is measured and not a model. The first visit of a run has
 * an empty cache; medians over the runs.
 * Fails: a plain Error where no Chromium is installed.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { Command } from 'commander';
import type { Page } from 'playwright-core';
import { startServer } from '../../services/inference/server.ts';
import { openBrowser } from '../../tests/browser/open-browser.ts';
import { createFixture } from '../../tests/fakes/inference.ts';

interface Flags {
  readonly series: string;
  readonly steps: string;
  readonly runs: string;
  readonly json?: string;
}

const GROUPS = 6;

async function main(flags: Flags): Promise<void> {
  const [series, steps, runs] = [flags.series, flags.steps, flags.runs].map(Number) as [
    number,
    number,
    number,
  ];
  const ids = Array.from({ length: series }, (_, i) => `place-${i + 1}`);
  const { options } = createFixture({ ids, snapshot: 3, champion: 'model-1.2' });
  const groupsOf = (id: string) => {
    const group = Number(id.slice(6)) % GROUPS;
    return [{ groupId: `part-${group}`, title: `Part ${group + 1}` }];
  };
  const server = await startServer({
    ...{ ...options, domain: { ...options.domain, groupsOf } },
    ...{ host: '127.0.0.1', port: 0, refreshIntervalMs: 3_600_000, closeTimeoutMs: 1000 },
  });
  const cold = await visit(server.url, steps);
  const warm = [];
  for (let run = 0; run < runs; run++) warm.push(await visit(server.url, steps));
  await server.close();
  const figures = {
    ...{ series, steps, runs, processors: cpus().length, load: loadavg()[0]?.toFixed(1) },
    firstAfterSnapshotMs: Math.round(cold.firstMs),
    firstMs: median(warm.map(({ firstMs }) => firstMs)),
    tilesMs: median(warm.map(({ tilesMs }) => tilesMs)),
    sliderMs: median(warm.flatMap(({ sliderMs }) => sliderMs)),
    sliderP95Ms: quantile(
      warm.flatMap(({ sliderMs }) => sliderMs),
      0.95,
    ),
    searchMs: median(warm.map(({ searchMs }) => searchMs)),
    seriesMs: median(warm.map(({ seriesMs }) => seriesMs)),
  };
  const text = JSON.stringify(figures, null, 2);
  console.log(text);
  if (flags.json) await writeFile(flags.json, `${text}\n`);
}

interface Visit {
  /** From the request of the page to the title with its number, and to the first tile. */
  readonly firstMs: number;
  readonly tilesMs: number;
  /** Of each step of the scrubber, from the event to after the paint. */
  readonly sliderMs: readonly number[];
  /** A letter in the search until the list is painted. */
  readonly searchMs: number;
  /** A click on a tile until the chart of the series is painted. */
  readonly seriesMs: number;
}

/** Resolves after the next paint. */
const PAINTED = 'new Promise((done) => requestAnimationFrame(() => setTimeout(done)))';

async function visit(url: string, steps: number): Promise<Visit> {
  const browser = await openBrowser();
  const page = await browser.context.newPage();
  page.setDefaultTimeout(120_000);
  await page.setViewportSize({ width: 1280, height: 900 });
  // The page itself notes when something appears: asking from here would add round trips.
  await page.addInitScript(`globalThis.seen = {};
    new MutationObserver(() => {
      for (const [name, selector] of [['first', 'h1 b'], ['tiles', '.tiles a']])
        if (!(name in seen) && document.querySelector(selector))
          ${PAINTED}.then(() => (seen[name] ??= performance.now()));
    }).observe(document, { childList: true, subtree: true });`);
  await page.goto(url);
  await page.locator('.tiles a').first().waitFor();
  const seen = (await page.evaluate('seen')) as { first: number; tiles: number };
  await page.waitForTimeout(1500);
  const sliderMs = (await page.evaluate(`(async () => {
    const input = document.querySelector('.strip input');
    const found = [];
    for (let step = 0; step < ${steps}; step++) {
      const start = performance.now();
      input.value = String(Number(input.max) - 1 - (step % 70));
      input.dispatchEvent(new Event('input', { bubbles: true }));
      await ${PAINTED};
      found.push(performance.now() - start);
    }
    return found;
  })()`)) as number[];
  const searchMs = await timed(
    page,
    `const input = document.querySelector('.search input');
    input.focus();
    input.value = 'place-1';
    input.dispatchEvent(new Event('input', { bubbles: true }));`,
    '.found [role=option]',
  );
  await page.keyboard.press('Escape');
  const seriesMs = await timed(page, `document.querySelector('.tiles a').click();`, '.c12 .plot');
  await browser.close();
  return { firstMs: seen.first, tilesMs: seen.tiles, sliderMs, searchMs, seriesMs };
}

/** From an action until what it leads to is painted. */
const timed = (page: Page, action: string, selector: string): Promise<number> =>
  page.evaluate(`(async () => {
    const start = performance.now();
    ${action}
    do await ${PAINTED};
    while (!document.querySelector('${selector}'));
    return performance.now() - start;
  })()`);

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN);
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

await new Command()
  .option('--series <count>', 'series of the service', '300')
  .option('--steps <count>', 'steps of the scrubber', '40')
  .option('--runs <count>', 'visits', '5')
  .option('--json <file>', 'write the figures to this file')
  .action(main)
  .parseAsync();
