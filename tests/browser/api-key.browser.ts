/**
 * Purpose: the page where the service wants API keys: it asks, uses the key, and keeps it in memory
 * alone.
 * Invariants: the real service on a free port.
 * Fails: skips with one line where no Chromium is installed.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newSecret } from '../../platform/secrets.ts';
import { makeKey } from '../../services/inference/access/key.ts';
import { formatKeys } from '../../services/inference/access/key-file.ts';
import { openApiKeys } from '../../services/inference/access/open-keys.ts';
import { createFixture, NOW } from '../fakes/inference.ts';
import { type OpenedPage, openPage } from './open-page.ts';
import { withBrowser } from './with-browser.ts';

withBrowser('a page of a service with keys', () => {
  const { options, clock } = createFixture();
  const made = { name: 'reader', requestsPerMinute: null, createdAt: NOW, expiresAt: null };
  const reader = makeKey({ ...made, scopes: ['forecasts:read', 'models:read'] }, newSecret);
  const lacking = makeKey({ ...made, scopes: ['models:read'] }, newSecret);
  let opened: OpenedPage;

  beforeAll(async () => {
    const apiKeys = await openApiKeys(formatKeys([reader.record, lacking.record]), {
      clock,
      logger: options.logger,
    });
    opened = await openPage({ ...options, apiKeys });
  });
  afterAll(() => opened?.close());

  test('asks for a key, explains a refused one, and shows the forecast with a valid one', async () => {
    const { page, server, text } = opened;
    await page.goto(`${server.url}/#/series/74`);
    const use = async (key: string) => {
      await page.locator('input[name=key]').fill(key);
      await page.keyboard.press('Enter');
    };
    await page.locator('h1', { hasText: 'requires a key' }).waitFor();
    await use('nonsense');
    await page.locator('.whole', { hasText: 'not one of this service' }).waitFor();
    await use(lacking.key);
    await page.locator('h1', { hasText: 'is not sufficient' }).waitFor();
    expect(await text('.whole')).toContain('does not have the scope forecasts:read');
    expect(await opened.axe()).toEqual([]);
    await use(reader.key);
    await page.locator('.c12 .plot').waitFor();
    expect(await text('#curl')).toContain('-H "Authorization: Bearer $HEADWAY_KEY"');
  });

  test('keeps the key only in memory: a reload asks again', async () => {
    const { page, addresses } = opened;
    expect(addresses.join('\n')).not.toContain('hw_');
    expect(await page.content()).not.toContain(reader.key);
    const stored = 'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])';
    expect(await page.evaluate(stored)).toBe('[{},{},""]');
    await page.reload();
    await page.locator('input[name=key]').waitFor();
    expect(await page.locator('.plot').count()).toBe(0);
  });
});
