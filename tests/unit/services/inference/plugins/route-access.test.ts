/** Purpose: every route declares its access, and the documentation shows it. */
import { expect, test } from '@jest/globals';
import type { RouteOptions } from 'fastify';
import { routeAccess } from '../../../../../services/inference/plugins/route-access.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test('a route without access stops the start', async () => {
  const app = await bareApp(async () => {});
  expect(() => app.get('/forgotten', async () => ({}))).toThrow(
    'the route GET /forgotten does not declare its access',
  );
  await app.close();
});

test.each([
  [true, [{ apiKey: ['models:read'] }]],
  [false, [{ apiKey: ['models:read'] }, {}]],
])('with keys %s the schema of a guarded route requires %j', async (hasKeys, security) => {
  const routes: RouteOptions[] = [];
  const app = await bareApp(async (app) => {
    await app.register(routeAccess, { hasKeys });
    app.addHook('onRoute', (route) => void routes.push(route));
  });
  const of = (url: string) => routes.find((route) => route.url === url)?.schema?.security;
  expect([of('/data'), of('/page')]).toEqual([security, []]);
  await app.close();
});
