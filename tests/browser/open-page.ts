/**
 * Purpose: the page in a real browser, against the real service on a free port.
 * Invariants: what the console complains of, and what is fetched from elsewhere, is collected.
 * Fails: where no Chromium is installed: withBrowser() skips the tests there.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import type { AppOptions } from '../../services/inference/app.ts';
import { type InferenceServer, startServer } from '../../services/inference/server.ts';
import { openBrowser } from './open-browser.ts';

export interface OpenedPage {
  readonly page: Page;
  readonly server: InferenceServer;
  readonly complaints: string[];
  /** What was asked for so far. */
  readonly addresses: string[];
  /** Loads the page again, with this fragment: "#/now". */
  open(fragment: string): Promise<void>;
  /** What was asked for so far and is not of this service. */
  elsewhere(): string[];
  text(selector: string): Promise<string>;
  /** Serious findings of axe-core on what is on show. */
  axe(): Promise<string[]>;
  close(): Promise<void>;
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export async function openPage(options: AppOptions): Promise<OpenedPage> {
  const listening = { host: '127.0.0.1', port: 0, refreshIntervalMs: 3_600_000 };
  const server = await startServer({ ...options, ...listening, closeTimeoutMs: 1000 });
  const browser = await openBrowser();
  const page = await browser.context.newPage();
  page.setDefaultTimeout(8000);
  const complaints: string[] = [];
  const addresses: string[] = [];
  page.on(
    'console',
    (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()),
  );
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => addresses.push(request.url()));
  const axe = await readFile(AXE, 'utf8');
  return {
    ...{ page, server, complaints, addresses },
    async open(fragment) {
      await page.goto('about:blank');
      await page.goto(`${server.url}/${fragment}`);
    },
    elsewhere: () =>
      addresses.filter((url) => !url.startsWith(server.url) && !/^(data|blob|about):/.test(url)),
    text: (selector) => page.locator(selector).first().innerText(),
    async axe() {
      await page.evaluate(axe);
      return page.evaluate(`axe.run().then(({ violations }) => violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
