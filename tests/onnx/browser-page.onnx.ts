/**
 * Purpose: tools/browser-forecast/ in a real Chromium: the exported model forecasts in the tab what
 * Headway does, on a thousand windows of each kind of target.
 * Invariants: the page talks to this machine only; where Chromium or onnxruntime-web is absent the
 * test is skipped, with a line that says so. `npm run test:onnx` installs the latter.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportedFiles } from '../../cli/actions/models/export.ts';
import { networkForecaster } from '../../forecasting/models/network/forecaster.ts';
import { MAX_DIFFERENCE } from '../../forecasting/models/onnx/parity.ts';
import type { ModelCard } from '../../storage/models/model-card.ts';
import { chromiumPath, openBrowser } from '../browser/open-browser.ts';
import { levelledPanel, randomTrained } from '../fixtures/random-trained.ts';
import { startBackend } from '../fixtures/toy-network.ts';
import { ROOT } from '../tidy/source-tree.ts';

const RUNTIME = path.join(ROOT, 'node_modules/onnxruntime-web/dist');
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
const missing = [
  ...(chromiumPath === null ? ['Chromium'] : []),
  ...(existsSync(RUNTIME) ? [] : ['onnxruntime-web']),
];
if (missing.length > 0) console.warn(`the page is not tried: ${missing.join(' and ')} missing`);

const panel = levelledPanel(25, 40);
const card = {
  ...{ modelVersion: 'tried', domain: 'toy', snapshotVersion: '1-0f1e2d3c4b5a' },
  ...{ trainingCutoff: 0, panelHash: 'none' },
} as ModelCard;

(missing.length > 0 ? describe.skip : describe)('in Chromium', () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    await startBackend();
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test.each([
    ['a rate', { nonNegative: true, integerValued: false }],
    ['a count', { nonNegative: true, integerValued: true }],
    ['a target that changes sign', { nonNegative: false, isAdditive: true as const }],
  ])('%s: gives the same forecasts as our runtime', async (title, kind) => {
    const trained = randomTrained(panel, kind);
    const { files, examples } = exportedFiles(
      { card },
      trained,
      networkForecaster(trained).withContext?.(panel) ?? panel,
      { snapshotVersion: card.snapshotVersion, windows: 1000 },
    );
    const server = createServer(async (request, response) => {
      const name = path.basename(request.url ?? '/') || 'index.html';
      const file = name === 'index.html' ? path.join(ROOT, 'tools/browser-forecast', name) : null;
      const own = files[name as keyof typeof files];
      const content = own ?? (await readFile(file ?? path.join(RUNTIME, name)).catch(() => null));
      const type = TYPES[path.extname(name)] ?? 'application/octet-stream';
      response.writeHead(content === null ? 404 : 200, { 'content-type': type }).end(content ?? '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const page = await browser.context.newPage();
    try {
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await page.waitForSelector('body[data-difference], body[data-error]', { timeout: 60_000 });
      const { windows, difference, error } = await page.evaluate(() => ({
        ...document.body.dataset,
      }));
      expect(error).toBeUndefined();
      expect(Number(windows)).toBe(examples.count);
      expect(Number(difference)).toBeLessThanOrEqual(MAX_DIFFERENCE);
      expect(await page.textContent('#status')).toContain(`${examples.count} windows`);
      expect(await page.locator('#forecast tr').count()).toBe(1 + trained.spec.features.horizon);
      console.info(`${title}: ${windows} windows differ by ${difference} at most`);
    } finally {
      await page.close();
      server.close();
    }
  });
});
