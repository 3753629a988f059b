/** Purpose: one line a request, with the pattern of its route, and nothing that it sent. */
import { expect, test } from '@jest/globals';
import pino from 'pino';
import { requestLog } from '../../../../../services/inference/plugins/request-log.ts';
import { bareApp } from '../../../../fixtures/inference/bare-app.ts';

test('logs id, method, route pattern, status and duration; quiet routes at debug', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const app = await bareApp(async (app) => app.register(requestLog), logger);
  app.get('/quiet', { config: { access: 'open', quiet: true } }, async () => 'x');
  for (const url of ['/data?secret', '/quiet', '/secret']) await app.inject(url);
  const common = { level: 30, reqId: expect.any(String), ms: expect.any(Number), method: 'GET' };
  const msg = 'request completed';
  expect(lines).toEqual([
    { ...common, time: expect.any(Number), route: '/data', status: 200, msg },
    { ...common, time: expect.any(Number), route: '(none)', status: 404, msg },
  ]);
  await app.close();
});
