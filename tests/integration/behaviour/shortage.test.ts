/**
 * Purpose: a service on a full log disk, and one that runs out of file descriptors, goes on. Both
 * at once, because a process takes a second to start. Jobs that cannot be started then fail with a
 * code.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { endAll, LOADER, ROOT, startHeadway } from '../../fixtures/cli/headway-process.ts';

let place: Awaited<ReturnType<typeof temporaryPlace>>;
beforeAll(async () => {
  place = await temporaryPlace();
});
afterEach(endAll);
afterAll(() => place.remove());

/** Loading the modules takes many descriptors at once: fewer end the start on a busy machine. */
const [OPEN_FILES, CLIENTS] = [512, 600];

/** The metrics, asked for on a connection that is open. */
async function metricsBy(socket: Socket): Promise<string> {
  let text = '';
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  while (!text.includes('headway_log_lines_dropped_total '))
    text += (await once(socket, 'data'))[0];
  return text;
}
const refreshes = (metrics: string) =>
  Number(/headway_refresh_total\{outcome="failed"\} (\d+)/.exec(metrics)?.[1] ?? 0);

test('serve survives more clients than descriptors and a log on a full disk', async () => {
  if (process.platform !== 'linux') {
    process.stderr.write('skipped: only Linux has /dev/full\n');
    return;
  }
  const env = {
    ...place.env,
    HEADWAY_LOG_LEVEL: 'info',
    HEADWAY_REFRESH_SECONDS: '1',
    // More than there are descriptors; the default leaves a reserve.
    HEADWAY_CONNECTIONS: '1000',
  };
  const limits = `ulimit -n ${OPEN_FILES}; exec 2>/dev/full`;
  const service = startHeadway(['serve', '--port', '0'], env, limits);
  const [, port] = await service.until(/http:\/\/127\.0\.0\.1:(\d+)/);
  const open = () => connect(Number(port), '127.0.0.1').on('error', () => {});
  const first = open();
  const before = refreshes(await metricsBy(first));
  const clients = Array.from({ length: CLIENTS }, open);
  // The first that is closed shows that no descriptor is left.
  await Promise.race(clients.map((client) => once(client, 'close')));
  while (refreshes(await metricsBy(first)) < before + 2);
  for (const client of clients) client.destroy();
  const metrics = await metricsBy(first);
  expect(Number(/headway_log_lines_dropped_total (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(0);
  first.destroy();
  const again = await fetch(`http://127.0.0.1:${port}/health/live`);
  expect(again.status).toBe(200);
  await again.text();
  service.kill('SIGTERM');
  expect(await service.ended).toMatchObject({ code: 0, signal: null });
});

test('a command whose output is on a full disk fails with a code', async () => {
  if (process.platform !== 'linux') return;
  const config = startHeadway(['config'], place.env, 'exec >/dev/full');
  expect(await config.ended).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/^STORE_FULL: standard output cannot be written: ENOSPC/),
  });
});

test('a job and a worker fail with a code in a process without descriptors', () => {
  const script = `
    import { openSync } from 'node:fs';
    import { describeError } from './platform/errors.ts';
    import { silentLogger as logger } from './platform/telemetry/logger.ts';
    import { runChildJob } from './platform/jobs/child-job.ts';
    import { openWorkerPool } from './platform/jobs/worker-pool.ts';
    const pool = openWorkerPool({ module: new URL('file:///none.ts'), size: 1 });
    try { for (;;) openSync('/'); } catch {}
    const jobs = [runChildJob({ args: ['train'], entry: 'x.ts', logger }), pool.run(1), pool.run(2)];
    for (const { reason } of await Promise.allSettled(jobs)) console.log(describeError(reason));
    await pool.close();`;
  const command = [process.execPath, ...LOADER, '--input-type=module', '--eval', script];
  const { status, stdout } = spawnSync('sh', ['-c', 'ulimit -n 512; exec "$0" "$@"', ...command], {
    ...{ cwd: ROOT, encoding: 'utf8' },
  });
  expect(stdout.trim().split('\n')).toEqual([
    expect.stringMatching(/^INTERNAL: "train" could not be started: .*EMFILE/),
    ...Array(2).fill(expect.stringMatching(/^INTERNAL: a worker could not be started: .*EMFILE/)),
  ]);
  expect(status).toBe(0);
});
