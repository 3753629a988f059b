/**
 * Purpose: real S3 servers for tests, fetched once: MinIO as a Go module, which is compiled
 * (minutes), or the `minio` of the PATH; and s3rver from npm, which does not know If-None-Match.
 * Invariants: each listens on loopback, on a free port, its data is in a temporary folder, and it
 * ends with `stop`.
 * Fails: never: where there is no Go, no npm or no registry, the reason is returned.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../fixtures/free-port.ts';
import { comesUp, isThere } from '../fixtures/waiting.ts';

const run = promisify(execFile);

const MINIO = 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c';
const S3RVER = 's3rver@3.7.1';
const CACHE = join(process.cwd(), 'node_modules', '.cache');
const START_MS = 30_000;

export interface S3Server {
  /** s3://bucket/prefix?endpoint=… */
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}
export type Started = S3Server | { readonly unavailable: string };

export async function startMinio(): Promise<Started> {
  const folder = join(CACHE, 'headway-minio');
  return started('MinIO', async (data, port) => {
    const onPath = await run('minio', ['--version']).then(
      () => true,
      () => false,
    );
    const built = join(folder, 'minio');
    if (!onPath && !(await isThere(built)))
      await run('go', ['install', MINIO], { env: { ...process.env, GOBIN: folder, GOFLAGS: '' } });
    const keys = { user: 'headway', secret: 'headway-test' };
    const environment = { MINIO_ROOT_USER: keys.user, MINIO_ROOT_PASSWORD: keys.secret };
    const address = `127.0.0.1:${port}`;
    return {
      command: onPath ? 'minio' : built,
      args: ['server', '--quiet', '--address', address, data],
      environment,
      keys,
    };
  });
}

export async function startS3rver(): Promise<Started> {
  const folder = join(CACHE, 'headway-s3rver');
  return started('s3rver', async (data, port) => {
    const program = join(folder, 'node_modules', 's3rver', 'bin', 's3rver.js');
    if (!(await isThere(program))) {
      await mkdir(folder, { recursive: true });
      const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
      await run('npm', ['install', '--prefix', folder, ...quiet, S3RVER]);
    }
    return {
      command: process.execPath,
      args: [program, '-s', '-d', data, '-a', '127.0.0.1', '-p', String(port)],
      environment: {},
      keys: { user: 'S3RVER', secret: 'S3RVER' },
    };
  });
}

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly keys: { readonly user: string; readonly secret: string };
}

async function started(
  name: string,
  prepare: (data: string, port: number) => Promise<Program>,
): Promise<Started> {
  const data = await mkdtemp(join(tmpdir(), 'headway-s3-'));
  const remove = () => rm(data, { recursive: true, force: true });
  const port = await freePort();
  try {
    const { command, args, environment, keys } = await prepare(data, port);
    const child = spawn(command, args, {
      stdio: 'ignore',
      env: { ...process.env, ...environment },
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const stop = async () => {
      child.kill('SIGKILL');
      await ended;
      await remove();
    };
    const endpoint = `http://127.0.0.1:${port}`;
    const replies = () =>
      fetch(endpoint).then(
        () => true,
        () => false,
      );
    if (!(await comesUp(replies, () => child.exitCode !== null, START_MS))) {
      await stop();
      throw new Error(`${command} did not start`);
    }
    return {
      url: `s3://forecasts/test?endpoint=${endpoint}`,
      environment: {
        ...{ AWS_ACCESS_KEY_ID: keys.user, AWS_SECRET_ACCESS_KEY: keys.secret },
        ...{ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_S3: endpoint },
      },
      stop,
    };
  } catch (error) {
    await remove();
    const reason = String((error as Error).message).split('\n')[0];
    return { unavailable: `no ${name} can be started: ${reason}` };
  }
}
