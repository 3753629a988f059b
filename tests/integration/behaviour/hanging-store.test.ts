/**
 * Purpose: an S3 endpoint that accepts connections and never replies: the service listens and says
 * that it is not ready, commands end with an error, and everything stops in time.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { endAll, headway, startHeadway } from '../../fixtures/cli/headway-process.ts';

let place: Awaited<ReturnType<typeof temporaryPlace>>;
let server: Server;
let env: Record<string, string>;
const sockets = new Set<Socket>();
beforeAll(async () => {
  place = await temporaryPlace();
  server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  env = {
    ...place.env,
    HEADWAY_STORE: `s3://bucket/store?endpoint=http://127.0.0.1:${port}`,
    // Longer than a busy machine needs: whoever does not stop is ended by a signal then.
    HEADWAY_STOP_SECONDS: '30',
    ...{ AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing', PORT: '0' },
  };
});
afterEach(endAll);
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await place.remove();
});

test('serve listens without being ready, and a signal ends it while it waits', async () => {
  const waiting = { ...env, HEADWAY_STORE_SECONDS: '3600' };
  const serve = startHeadway(['serve'], waiting);
  const [, url] = await serve.until(/Serving .* on (http:\S+) /);
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  expect((await fetch(`${url}/health/ready`)).status).toBe(503);
  serve.kill('SIGHUP');
  expect(await serve.ended).toMatchObject({ code: 0, signal: null });
});

test.each([['start', '--port', '0'], ['schedule']])(
  'a signal ends %s while it waits for the store',
  async (...args) => {
    const waiting = { ...env, HEADWAY_STORE_SECONDS: '3600', HEADWAY_LOG_LEVEL: 'info' };
    const running = startHeadway(args, waiting);
    await running.until(/features/i);
    running.kill('SIGTERM');
    expect((await running.ended).signal).toBeNull();
  },
);

test('a command ends with an error that names the time limit', async () => {
  // Long enough that the first try ends early also on a busy machine.
  const limited = { ...env, HEADWAY_STORE_SECONDS: '9' };
  expect(await headway(['models', 'list'], limited)).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/trying again[\s\S]*STORE_UNAVAILABLE: .*HEADWAY_STORE_SECONDS/),
  });
});
