/** Purpose: pages get the policy of pages, data the policy of data. */
import { expect, test } from '@jest/globals';
import { securityHeaders } from '../../../../../services/inference/plugins/security-headers.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test('forbids frames and sniffing for data, and foreign sources for pages', async () => {
  const app = await bareApp(async (app) => app.register(securityHeaders));
  const headersOf = async (url: string) => (await app.inject(url)).headers;
  const [data, page, missing] = [
    await headersOf('/data'),
    await headersOf('/page'),
    await headersOf('/nope'),
  ];
  for (const headers of [data, missing]) {
    expect(headers['content-security-policy']).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers['x-frame-options']).toBeUndefined();
  }
  expect(page['content-security-policy']).toContain("script-src 'self';");
  expect(page['x-frame-options']).toBe('SAMEORIGIN');
  for (const headers of [data, page, missing])
    expect([headers['x-content-type-options'], headers['referrer-policy']]).toEqual([
      'nosniff',
      'no-referrer',
    ]);
  await app.close();
});
