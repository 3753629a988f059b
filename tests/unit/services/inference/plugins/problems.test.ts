/** Purpose: errors, wrong paths and wrong methods are problem documents. */
import { expect, test } from '@jest/globals';
import { overloaded } from '../../../../../services/inference/overloaded.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test('sends errors, unknown paths and unknown methods as problem documents', async () => {
  const app = await bareApp(async () => {});
  const config = { access: 'open' } as const;
  app.get('/busy/:id', { config }, async () => {
    throw overloaded('busy');
  });
  app.get('/broken', { config }, async () => {
    throw new Error('secret detail');
  });
  const ask = async (method: 'GET' | 'DELETE', url: string) => {
    const { statusCode, headers, body } = await app.inject({ method, url });
    expect(headers['content-type']).toMatch('application/problem+json');
    expect(body).not.toContain('secret');
    return [statusCode, JSON.parse(body).code, headers.allow ?? headers['retry-after']];
  };
  expect(await ask('GET', '/busy/1')).toEqual([503, 'OVERLOADED', '2']);
  expect(await ask('GET', '/broken')).toEqual([500, 'INTERNAL', undefined]);
  expect(await ask('GET', '/nope')).toEqual([404, 'ROUTE_NOT_FOUND', undefined]);
  expect(await ask('DELETE', '/busy/1?x')).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, HEAD']);
  expect(await ask('DELETE', '/busy/1/2')).toEqual([404, 'ROUTE_NOT_FOUND', undefined]);
  await app.close();
});
