/** Purpose: named origins get the headers of CORS, other origins get none. */
import { expect, test } from '@jest/globals';
import { crossOrigin } from '../../../../../services/inference/plugins/cors.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test('allows preflights and requests of a named origin only', async () => {
  const named = 'https://shop.example';
  const app = await bareApp(async (app) => app.register(crossOrigin, { origins: [named] }));
  const preflight = { 'access-control-request-method': 'GET' };
  const ask = async (method: 'GET' | 'OPTIONS', headers: Record<string, string>) => {
    const { statusCode, headers: got } = await app.inject({ method, url: '/data', headers });
    expect(got.vary).toBe('Origin');
    const cors = Object.keys(got).filter((name) => name.startsWith('access-control-'));
    return [statusCode, got['access-control-allow-origin'], cors.length];
  };
  expect(await ask('OPTIONS', { origin: named, ...preflight })).toEqual([204, named, 5]);
  expect(await ask('GET', { origin: named })).toEqual([200, named, 2]);
  expect(await ask('OPTIONS', { origin: 'https://x.example', ...preflight })).toEqual([
    405,
    undefined,
    0,
  ]);
  for (const origin of [`${named}.evil`, 'http://shop.example', `${named}:8443`, 'null', '*'])
    expect(await ask('GET', { origin })).toEqual([200, undefined, 0]);
  expect(await ask('GET', {})).toEqual([200, undefined, 0]);
  await app.close();
});

test('sends no CORS header and refuses OPTIONS without a list of origins', async () => {
  const origin = 'https://shop.example';
  const app = await bareApp(async (app) => app.register(crossOrigin, { origins: [] }));
  const ask = async (method: 'GET' | 'OPTIONS') => {
    const { statusCode, headers } = await app.inject({ method, url: '/data', headers: { origin } });
    return [statusCode, headers.vary, headers['access-control-allow-origin']];
  };
  expect(await ask('GET')).toEqual([200, undefined, undefined]);
  expect(await ask('OPTIONS')).toEqual([405, undefined, undefined]);
  await app.close();
});
