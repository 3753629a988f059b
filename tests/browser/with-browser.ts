/**
 * Purpose: `describe` for tests that need a browser.
 * Invariants: apart from open-browser.ts, which the screenshots use outside of a test runner. The
 * test files of a worker share this module, so `describe` is read at each call.
 * Fails: never; where no Chromium is installed it skips, with a line that Jest shows for a single
 * test file or with --verbose.
 */
import { describe } from '@jest/globals';
import { chromiumPath } from './open-browser.ts';

export function withBrowser(title: string, tests: () => void): void {
  if (chromiumPath === null)
    console.warn('browser tests skipped: install Chromium, or set CHROMIUM_PATH to its executable');
  (chromiumPath === null ? describe.skip : describe)(title, tests);
}
