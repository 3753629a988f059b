/** Purpose: the event stream says what is served, and each change of it, and ends. */
import { expect, test } from '@jest/globals';
import { startServer } from '../../../../../services/inference/server.ts';
import { createFixture } from '../../../../fakes/inference.ts';

const dataOf = (text: string) =>
  [...text.matchAll(/event: serving\ndata: (.*)\n\n/g)].map(([, data]) =>
    JSON.parse(data as string),
  );

test('without seconds sends what is served now and the time to reconnect', async () => {
  const app = await createFixture().build();
  const response = await app.inject('/v1/events');
  expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  expect(response.headers['cache-control']).toBe('no-store');
  expect(response.body).toMatch(/^retry: \d+\n\n/);
  expect(dataOf(response.body)).toEqual([(await app.inject('/health/ready')).json()]);
  await app.close();
});

test('responds 503 with the reason if nothing is served', async () => {
  const app = await createFixture({ snapshot: 0 }).build();
  const response = await app.inject('/v1/events?seconds=5');
  expect([response.statusCode, response.json().code]).toEqual([503, 'SNAPSHOT_EMPTY']);
  await app.close();
});

test('sends an event for each change, and ends when the service stops', async () => {
  const { fixture, options } = createFixture({ snapshot: 3 });
  const server = await startServer({
    ...options,
    ...{ host: '127.0.0.1', port: 0, refreshIntervalMs: 60_000, closeTimeoutMs: 2000 },
  });
  const response = await fetch(`${server.url}/v1/events?seconds=60`);
  const chunks: string[] = [];
  const reading = (async () => {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(Buffer.from(chunk).toString());
      const versions = dataOf(chunks.join('')).map(({ snapshotVersion }) => snapshotVersion);
      if (versions.length === 1 && fixture.snapshot === 3) {
        fixture.snapshot = 4;
        await server.app.serving.refresh();
      }
      if (versions.length === 2) return versions;
    }
    return null;
  })();
  expect(await reading).toEqual(['3-0f1e2d3c4b5a', '4-0f1e2d3c4b5a']);
  const open = await fetch(`${server.url}/v1/events?seconds=60`);
  const closed = server.close();
  expect(dataOf(await open.text())).toHaveLength(1);
  await closed;
});

test('ends each stream at once if streams are off, and refuses an invalid request', async () => {
  const { build, options } = createFixture();
  const app = await build({ settings: { ...options.settings, eventStreamMs: 0 } });
  expect(dataOf((await app.inject('/v1/events?seconds=60')).body)).toHaveLength(1);
  expect((await app.inject('/v1/events?seconds=-1')).statusCode).toBe(400);
  expect((await app.inject('/v1/events?seconds=9999')).statusCode).toBe(400);
  await app.close();
});

test('one client cannot take all streams', async () => {
  const app = await createFixture().build();
  const ask = (remoteAddress: string, seconds: number) =>
    app.inject({ url: `/v1/events?seconds=${seconds}`, remoteAddress });
  const reader = () =>
    app.inject({ url: '/v1/events?seconds=60', remoteAddress: '192.0.2.1', payloadAsStream: true });
  const open = await Promise.all(Array.from({ length: 20 }, reader));
  expect(open.map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(200));
  const refused = await ask('192.0.2.1', 0);
  expect([refused.statusCode, refused.json().code]).toEqual([503, 'OVERLOADED']);
  expect(refused.json()).toMatchObject({
    detail: 'this client has 20 event streams open',
    fix: expect.stringMatching(/share one stream/),
  });
  expect((await ask('192.0.2.2', 0)).statusCode).toBe(200);
  const closed = app.close();
  for (const one of open) one.stream().resume();
  await closed;
});

test('a stream that has ended no longer counts against the limit', async () => {
  const app = await createFixture().build();
  for (let i = 0; i < 25; i++) expect((await app.inject('/v1/events')).statusCode).toBe(200);
  await app.close();
});
