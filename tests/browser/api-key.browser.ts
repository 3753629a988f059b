/**
 * Purpose: the page where the service wants API keys: asked once, used, kept out of addresses.
 * Invariants: the real service on a free port.
 * Fails: skips with one line where no Chromium is installed.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { newSecret } from '../../platform/secrets.ts';
import { makeKey } from '../../services/inference/access/key.ts';
import { formatKeys } from '../../services/inference/access/key-file.ts';
import { openApiKeys } from '../../services/inference/access/open-keys.ts';
import { type InferenceServer, startServer } from '../../services/inference/server.ts';
import { createFixture, NOW } from '../fakes/inference.ts';
import { chromiumPath, openBrowser } from './open-browser.ts';

if (chromiumPath === null)
  console.warn('browser tests skipped: install Chromium, or set CHROMIUM_PATH to its executable');
const suite = chromiumPath === null ? describe.skip : describe;

suite('a page of a service with keys', () => {
  const { options, clock } = createFixture();
  const made = { name: 'reader', requestsPerMinute: null, createdAt: NOW, expiresAt: null };
  const reader = makeKey({ ...made, scopes: ['forecasts:read', 'models:read'] }, newSecret);
  const lacking = makeKey({ ...made, scopes: ['models:read'] }, newSecret);
  let server: InferenceServer;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let page: Page;
  const addresses: string[] = [];

  beforeAll(async () => {
    const apiKeys = await openApiKeys(formatKeys([reader.record, lacking.record]), {
      clock,
      logger: options.logger,
    });
    const listening = {
      host: '127.0.0.1',
      port: 0,
      refreshIntervalMs: 3_600_000,
      closeTimeoutMs: 1000,
    };
    server = await startServer({ ...options, apiKeys, ...listening });
    browser = await openBrowser();
    page = await browser.context.newPage();
    page.setDefaultTimeout(8000);
    page.on('request', (request) => addresses.push(request.url()));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('it asks, says what is wrong with a key that will not do, and shows the forecast with one that does', async () => {
    await page.goto(`${server.url}/#74`);
    const dialog = page.locator('#key-dialog[open]');
    await dialog.waitFor();
    expect(await page.locator('#key-why').innerText()).toContain('bearer token');
    await page.keyboard.type('nonsense');
    await page.keyboard.press('Enter');
    await page.locator('#key-why', { hasText: 'not one of this service' }).waitFor();
    await page.keyboard.type(lacking.key);
    await page.keyboard.press('Enter');
    await page.locator('#key-why', { hasText: 'forecasts:read' }).waitFor();
    await page.keyboard.type(reader.key);
    await page.keyboard.press('Enter');
    await page.locator('#chart path.median').waitFor();
    expect(await page.locator('#curl').innerText()).toContain(
      '-H "Authorization: Bearer $HEADWAY_KEY"',
    );
    await page.reload();
    await page.locator('#chart path.median').waitFor();
    expect(await dialog.count()).toBe(0);
    expect(addresses.join('\n')).not.toContain('hw_');
    expect(await page.content()).not.toContain(reader.key);
  });

  test('who declines gets a message, and is not asked again', async () => {
    await page.evaluate('sessionStorage.clear()');
    await page.reload();
    await page.locator('#key-dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#trouble', { hasText: 'API key' }).waitFor();
    expect(await page.locator('#key-dialog[open]').count()).toBe(0);
  });
});
