/** Purpose: the page, its files, the documentation and the metrics. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { buildApp } from '../../../../../services/inference/app.ts';
import { createFixture } from '../../../../fakes/inference.ts';

test('serves page, files, docs and metrics under a strict content policy', async () => {
  const app = await createFixture().build();
  for (const url of ['/', '/dashboard/page.css', '/dashboard/page.js', '/docs', '/metrics']) {
    const response = await app.inject(url);
    expect([url, response.statusCode]).toEqual([url, 200]);
    expect(String(response.headers['content-security-policy'])).not.toContain('unsafe');
  }
  const page = (await app.inject('/')).body;
  for (const [, url] of page.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
    expect([url, (await app.inject(url)).statusCode]).toEqual([url, 200]);
  }
  const { etag } = (await app.inject('/')).headers;
  expect(
    (await app.inject({ url: '/', headers: { 'if-none-match': String(etag) } })).statusCode,
  ).toBe(304);
  await app.close();
});

test('reads a page again that could not be read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headway-page-'));
  const app = await buildApp({
    ...createFixture().options,
    dashboard: pathToFileURL(`${folder}/`),
  });
  try {
    expect((await app.inject('/')).statusCode).toBe(500);
    for (const name of ['page.html', 'page.js', 'page.css'])
      await writeFile(join(folder, name), name);
    expect((await app.inject('/')).body).toBe('page.html');
  } finally {
    await app.close();
    await rm(folder, { recursive: true });
  }
});
