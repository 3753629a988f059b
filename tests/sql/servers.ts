/**
 * Purpose: a PostgreSQL server for tests, and DuckDB's extensions from PyPI.
 * Invariants: the server listens on loopback, on a free port, its data is in a folder of its own,
 * and it ends with `stop`. Extensions are of DuckDB's own version.
 * Fails: with what is missing; as the server where it does not start.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { version } from '@duckdb/node-api';
import { freePort } from '../fixtures/free-port.ts';

const run = promisify(execFile);

/** What loads `NAME` of DuckDB from the folder, as its own download would have put it there. */
export async function fetchExtension(name: string, folder: string): Promise<void> {
  const number = version().slice(1);
  const place = join(
    folder,
    'extensions',
    `v${number}`,
    `${platform()}_${arch().replace('x64', 'amd64')}`,
  );
  const wheel = join(folder, `wheel-${name}`);
  await mkdir(place, { recursive: true });
  const requirement = `duckdb-extension-${name.replace('_', '-')}==${number}`;
  await run('python3', [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    '--target',
    wheel,
    requirement,
  ]);
  const found = (await readdir(wheel, { recursive: true })).find((path) =>
    path.endsWith('.duckdb_extension'),
  );
  if (found === undefined) throw new Error(`${requirement} holds no extension`);
  await copyFile(join(wheel, found), join(place, `${name}.duckdb_extension`));
}

export interface Postgres {
  /** postgres://user@host:port/database */
  readonly address: string;
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root: then as the user of Debian's package. */
export async function startPostgres(): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), 'headway-postgres-'));
  const root = '/usr/lib/postgresql';
  const newest = (await readdir(root)).sort((a, b) => Number(b) - Number(a))[0];
  const bin = join(root, newest ?? '', 'bin');
  const isRoot = process.getuid?.() === 0;
  const server = (command: string, ...args: string[]) =>
    isRoot
      ? run('runuser', ['-u', 'postgres', '--', join(bin, command), ...args])
      : run(join(bin, command), args);
  const [data, port] = [join(folder, 'data'), await freePort()];
  await chmod(folder, 0o777);
  await server('initdb', '-D', data, '-U', 'reader', '--auth=trust');
  const options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1`;
  await server('pg_ctl', '-D', data, '-o', options, '-l', join(folder, 'log'), '-w', 'start');
  return {
    address: `postgres://reader@127.0.0.1:${port}/postgres`,
    async stop() {
      await server('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
