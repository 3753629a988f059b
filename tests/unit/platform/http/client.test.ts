import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { createHttpClient, reasonOf } from '../../../../platform/http/client.ts';
import { withoutQuery } from '../../../../platform/http/without-query.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';

const limited = (retryAfter: string) => {
  const config = { headers: new AxiosHeaders() } as InternalAxiosRequestConfig;
  const response = {
    status: 429,
    statusText: '',
    data: '',
    headers: { 'retry-after': retryAfter },
    config,
  };
  return new AxiosError('limited', 'ERR_BAD_REQUEST', config, null, response);
};

test('retry delays grow, honour Retry-After and are limited', () => {
  const client = createHttpClient({
    logger: silentLogger,
    firstDelayMs: 100,
    maximumDelayMs: 20_000,
  });
  expect(client.delayMs(1)).toBeGreaterThanOrEqual(100);
  expect(client.delayMs(4)).toBeGreaterThanOrEqual(800);
  expect(client.delayMs(1, limited('7'))).toBeGreaterThanOrEqual(7000);
  expect(client.delayMs(1, limited('9999'))).toBe(20_000);
  expect(client.delayMs(30)).toBe(20_000);
});

test('never retries a request that is not idempotent, and keeps reasons short', async () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x?token=secret`;
  const { axios } = createHttpClient({ logger: silentLogger, firstDelayMs: 1, retries: 2 });
  const error = await axios.post(url, {}).catch((caught) => caught);
  expect(requests).toBe(1);
  expect(reasonOf(error)).toBe('HTTP 503');
  await axios.get(url).catch(() => null);
  expect(requests).toBe(4);
  expect(withoutQuery(url)).not.toContain('secret');
  server.closeAllConnections();
  server.close();
});

test('cuts off an endless response without a retry', async () => {
  let requests = 0;
  const chunk = Buffer.alloc(1 << 20);
  const server = createServer(async (_, response) => {
    requests++;
    // 80 MB at most, so that a client without a limit fails this test and ends.
    for (let i = 0; i < 80 && !response.destroyed; i++)
      if (!response.write(chunk)) await once(response, 'drain').catch(() => {});
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { axios } = createHttpClient({ logger: silentLogger, firstDelayMs: 1, retries: 2 });
  const error = await axios.get(url, { responseType: 'text' }).catch((caught) => caught);
  expect(reasonOf(error)).toBe('the reply is too large');
  expect(requests).toBe(1);
  server.closeAllConnections();
  server.close();
});

test.each([
  ['https://me:se@cret@host/a@b.csv?key=secret', 'https://host/a@b.csv'],
  ['http://me@host?mail=a@b', 'http://host'],
  ['https://host:8080/a', 'https://host:8080/a'],
])('hides secrets in %s', (url, shown) => {
  expect(withoutQuery(url)).toBe(shown);
});
