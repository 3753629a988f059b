/** Purpose: clients are limited by address, and a route can have a counter of its own. */
import { expect, test } from '@jest/globals';
import pino from 'pino';
import { rateLimit } from '../../../../../services/inference/plugins/rate-limit.ts';
import { createFixture } from '../../../../fakes/inference.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test('limits addresses, IPv6 by its first 64 bits, and costly routes on their own', async () => {
  const app = await bareApp(async (app) =>
    app.register(rateLimit, { requestsPerMinute: 3, apiKeys: null, trustProxy: 0 }),
  );
  const config = { access: 'models:read', rateLimit: {}, timesFewer: 3 } as const;
  app.get('/costly', { config }, async () => ({}));
  const ask = (url: string, remoteAddress: string) => app.inject({ url, remoteAddress });
  const status = async (...given: [string, string]) => (await ask(...given)).statusCode;
  const addresses = ['2001:db8::1', '2001:db8::2', '2001:DB8::ffff'];
  for (const address of addresses) expect(await status('/data', address)).toBe(200);
  const refused = await ask('/data', '2001:db8::3');
  expect([refused.statusCode, refused.json().code]).toEqual([429, 'RATE_LIMITED']);
  expect(refused.headers).toMatchObject({
    'ratelimit-limit': '3',
    'ratelimit-remaining': '0',
    'ratelimit-reset': '60',
    'retry-after': '60',
  });
  expect(await status('/nope', '2001:db8::3')).toBe(429);
  expect(await status('/page', '2001:db8::3')).toBe(200);
  expect([await status('/costly', '2001:db8::3'), await status('/costly', '2001:db8::3')]).toEqual([
    200, 429,
  ]);
  expect([
    await status('/data', '2001:db8:0:1::1'),
    await status('/data', '::ffff:1.2.3.4'),
  ]).toEqual([200, 200]);
  await app.close();
});

test.each([
  ['203.0.113.7', '203.0.113.7:4711', '"203.0.113.7:80"', '::ffff:203.0.113.7'],
  ['2001:db8::1', '[2001:db8::1]', '[2001:db8::1]:443', '"[2001:db8::1]:443"'],
])('takes %s for one client in every form that proxies write', async (...forms) => {
  const app = await createFixture().build({
    settings: { ...createFixture().options.settings, rateLimitPerMinute: 3, trustProxy: 1 },
  });
  const statuses: number[] = [];
  for (const form of forms) {
    const headers = { 'x-forwarded-for': form };
    statuses.push((await app.inject({ url: '/v1/model', headers })).statusCode);
  }
  expect(statuses).toEqual([200, 200, 200, 429]);
  const unknown = { 'x-forwarded-for': 'unknown' };
  expect((await app.inject({ url: '/v1/model', headers: unknown })).statusCode).toBe(200);
  await app.close();
});

test('logs once that a proxy is missing from the settings', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
  for (const trustProxy of [0, 1]) {
    const { options, build } = createFixture();
    const app = await build({ logger, settings: { ...options.settings, trustProxy } });
    for (const headers of [{}, { 'x-forwarded-for': '1.2.3.4' }, { 'x-real-ip': '1.2.3.4' }])
      await app.inject({ url: '/v1/model', headers });
    await app.close();
    expect(lines.filter((line) => line.includes('HEADWAY_PROXIES'))).toHaveLength(1);
  }
});
