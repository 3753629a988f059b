/** Purpose: bodies are JSON in UTF-8, and nothing else. */
import { expect, test } from '@jest/globals';
import { jsonBody } from '../../../../../services/inference/plugins/json-body.ts';
import { createFixture } from '../../../../fakes/inference.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test.each([
  ['application/json; charset=utf-8', '{"id":"ü"}', 200],
  ['application/json; charset=latin1', '{}', 415],
  ['text/plain', '{}', 415],
  ['application/json', Buffer.from('{"id":"\xfc"}', 'latin1'), 400],
  ['application/json', '{"__proto__":{}}', 400],
])('responds to %s %s with %i', async (type, payload, status) => {
  const app = await bareApp(async (app) => app.register(jsonBody));
  const headers = { 'content-type': type };
  const response = await app.inject({ method: 'POST', url: '/data', headers, payload });
  expect(response.statusCode).toBe(status);
  await app.close();
});

test.each([
  ['['.repeat(1_000_000), 'nested deeper than 20 levels'],
  [`{"a":"${'['.repeat(100)}\\"[","b":${'['.repeat(21)}${']'.repeat(21)}}`, 'nested deeper'],
  ['{"values":[1, NaN]}', 'NaN is not JSON: send null'],
  ['{"value":-Infinity}', '-Infinity is not JSON'],
  ['{"value": 1,}', 'JSON'],
])('explains the refusal of %.20s', async (payload, words) => {
  const app = await createFixture().build();
  const headers = { 'content-type': 'application/json' };
  const response = await app.inject({ method: 'POST', url: '/v1/forecasts', headers, payload });
  expect([response.statusCode, response.json().code]).toEqual([400, 'BODY_INVALID']);
  expect(response.json().detail).toContain(words);
  await app.close();
});

test('explains the refusal of a time with an offset', async () => {
  const app = await createFixture().build();
  const history = { start: '2026-01-05T00:00:00+00:00', values: [1, 2, 3] };
  const response = await app.inject({ method: 'POST', url: '/v1/forecasts', payload: { history } });
  expect(JSON.stringify(response.json())).toContain('ends in Z');
  await app.close();
});
