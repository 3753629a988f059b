/** Purpose: bodies are JSON in UTF-8, and nothing else. */
import { expect, test } from '@jest/globals';
import { jsonBody } from '../../../../../services/inference/plugins/json-body.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test.each([
  ['application/json; charset=utf-8', '{"id":"ü"}', 200],
  ['application/json; charset=latin1', '{}', 415],
  ['text/plain', '{}', 415],
  ['application/json', Buffer.from('{"id":"\xfc"}', 'latin1'), 400],
  ['application/json', '{"__proto__":{}}', 400],
])('%s %s is %i', async (type, payload, status) => {
  const app = await bareApp(async (app) => app.register(jsonBody));
  const headers = { 'content-type': type };
  const response = await app.inject({ method: 'POST', url: '/data', headers, payload });
  expect(response.statusCode).toBe(status);
  await app.close();
});
