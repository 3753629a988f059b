/** Purpose: every response has a request id, and a harmless one of the client is used. */
import { expect, test } from '@jest/globals';
import { requestContext } from '../../../../../services/inference/plugins/request-context.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test('ids are unique; harmless ids of clients are used', async () => {
  const app = await bareApp(async (app) => app.register(requestContext));
  const idOf = async (headers: Record<string, string>) =>
    (await app.inject({ url: '/data', headers })).headers['x-request-id'];
  expect(await idOf({ 'x-request-id': 'order-17' })).toBe('order-17');
  const ids = [await idOf({}), await idOf({ 'x-request-id': 'a b' })];
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^[\da-z]+-[\da-z]+$/);
  await app.close();
});
