/** Purpose: the page, its files, the documentation and the metrics. */
import { expect, test } from '@jest/globals';
import { createFixture } from '../../../../fakes/inference.ts';

test('the page, its files, the docs and the figures are there, under a strict policy', async () => {
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
