/**
 * Purpose: an installed Chromium for the browser tests, with a profile of its own that is removed
 * again.
 * Invariants: talks to nobody but the pages it is sent to; null where no Chromium is installed.
 * Fails: rejects where the browser is there but does not start.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** CHROMIUM_PATH, or where distributions put it. */
export const chromiumPath: string | null =
  [
    process.env.CHROMIUM_PATH,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ].find((path): path is string => path !== undefined && path !== '' && existsSync(path)) ?? null;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function openBrowser(): Promise<{ context: BrowserContext; close(): Promise<void> }> {
  if (chromiumPath === null) throw new Error('no Chromium is installed');
  const profile = await mkdtemp(join(tmpdir(), 'headway-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath,
    headless: true,
    args: FLAGS,
  });
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
