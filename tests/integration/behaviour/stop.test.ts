/**
 * Purpose: signals end `headway start` and `headway schedule` at any stage, with success (but for
 * `--once`, whose run did not end), and no process is left behind.
 */
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type CliWorker, cliWorker, temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import {
  endAll,
  environmentOf,
  processesWith,
  ROOT,
  startHeadway,
} from '../../fixtures/cli/headway-process.ts';
import { QUICK_TRAINING } from '../../fixtures/cli/quick-training.ts';

let place: Awaited<ReturnType<typeof temporaryPlace>>;
let warm: CliWorker;
beforeAll(async () => {
  place = await temporaryPlace();
  warm = cliWorker();
});
afterEach(endAll);
afterAll(async () => {
  await warm.close();
  await place.remove();
});

/**
 * Processes that know of this test's folder. Those that have just been killed are given a
 * moment to go.
 */
async function left(): Promise<number[]> {
  let found = processesWith(place.folder);
  for (let tries = 0; found !== null && found.length > 0 && tries < 20; tries++) {
    await pause(50);
    found = processesWith(place.folder);
  }
  return found ?? [];
}

test('SIGINT ends start while a step runs in another process', async () => {
  const start = startHeadway(['start', '--port', '0'], place.env);
  await start.until(/Simulating the city|Building features/);
  if (process.platform === 'linux') expect(processesWith(place.folder)?.length).toBeGreaterThan(1);
  start.kill('SIGINT');
  expect(await start.ended).toMatchObject({
    code: 0,
    signal: null,
    stdout: expect.stringContaining('Stopped.'),
  });
  expect(await left()).toEqual([]);
  expect((await warm.run(['store', 'verify'], place.env)).code).toBe(0);
});

test('SIGTERM ends start while it serves', async () => {
  for (const args of [
    ['features', 'run'],
    ['train', ...QUICK_TRAINING],
  ])
    expect((await warm.run(args, place.env)).code).toBe(0);
  const [{ modelVersion }] = JSON.parse(
    (await warm.run(['models', 'list', '--json'], place.env)).stdout,
  ).models;
  await warm.run(['models', 'promote', modelVersion], place.env);
  const start = startHeadway(['start', '--port', '0'], place.env);
  const [, url] = await start.until(/Web page +(http:\/\/127\.0\.0\.1:\d+)\//);
  await start.until(/Press Ctrl-C/);
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  start.kill('SIGTERM');
  const { code, signal, stdout } = await start.ended;
  expect([code, signal]).toEqual([0, null]);
  expect(stdout).toContain('[4/4]');
  expect(stdout).toContain('Stopping:');
  expect(await left()).toEqual([]);
  await expect(fetch(`${url}/health/live`)).rejects.toThrow();
});

test.each([
  ['schedule', [], 0],
  // Whoever started it must learn that the run did not end.
  ['schedule --once', ['--once'], 70],
])('SIGTERM ends %s while its first job runs', async (_name, flags, code) => {
  const schedule = startHeadway(['schedule', '--only', 'training', ...flags], {
    ...place.env,
    HEADWAY_LOG_LEVEL: 'info',
  });
  await schedule.until(/training …|runs on the/);
  schedule.kill('SIGTERM');
  expect(await schedule.ended).toMatchObject({ code, signal: null });
  expect(await left()).toEqual([]);
});

test('SIGTERM to npm stops the service below it', async () => {
  if (process.platform !== 'linux') return;
  const env = { ...environmentOf(place.env), PORT: '0' };
  const args = ['run', '--silent', 'headway', '--', 'serve'];
  const npm = spawn('npm', args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  for await (const chunk of npm.stdout) {
    output += chunk;
    if (/Serving .*\n/.test(output)) break;
  }
  const ended = new Promise((resolve) => npm.once('exit', resolve));
  npm.kill('SIGTERM');
  await ended;
  for (let tries = 0; tries < 100 && (await left()).length > 0; tries++) await pause(50);
  expect(await left()).toEqual([]);
});
