/**
 * Purpose: a real Trino server for tests, with a Hive catalog over a folder of files: from Maven's
 * archive, which is fetched once (800 MB), on the Java 24 or newer that JAVA_HOME names.
 * Invariants: it listens on loopback, on a free port, its data is in a temporary folder, and it
 * ends with `stop`. Its heap is 4 GB at most.
 * Fails: never: where there is no Java, no Maven or no registry, the reason is returned.
 */
import { execFile, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../fixtures/free-port.ts';
import { comesUp, isThere } from '../fixtures/waiting.ts';

const run = promisify(execFile);

const VERSION = '476';
const CACHE = join('node_modules', '.cache', 'headway-trino');
const HOME = join(CACHE, `trino-server-${VERSION}`);
const MIN_JAVA = 24;
const START_MS = 180_000;

export interface TrinoServer {
  /** trino://user@host:port/catalog, without a schema. */
  readonly address: string;
  /** What `local:///` means in the server: files for its tables. */
  readonly folder: string;
  stop(): Promise<void>;
}

export async function startTrino(): Promise<TrinoServer | { readonly unavailable: string }> {
  try {
    const java = await findJava();
    await fetchServer();
    return await ownServer(java);
  } catch (error) {
    const reason = String((error as Error).message).split('\n')[0];
    return { unavailable: `no Trino server can be started: ${reason}` };
  }
}

async function findJava(): Promise<string> {
  const home = process.env.JAVA_HOME;
  const java = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
  const { stderr } = await run(java, ['-version']);
  const version = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  if (version >= MIN_JAVA) return java;
  throw new Error(`Trino ${VERSION} needs Java ${MIN_JAVA}, and JAVA_HOME has ${version}`);
}

/** Of its plugins the Hive connector alone is kept. */
async function fetchServer(): Promise<void> {
  const done = join(HOME, 'complete');
  if (await isThere(done)) return;
  await mkdir(CACHE, { recursive: true });
  await run('mvn', [
    ...['-q', '-B', 'dependency:copy', `-DoutputDirectory=${join(process.cwd(), CACHE)}`],
    `-Dartifact=io.trino:trino-server:${VERSION}:tar.gz`,
  ]);
  const archive = join(CACHE, `trino-server-${VERSION}.tar.gz`);
  // All of it, because files of plugins are hard links to those of others.
  await run('tar', ['xzf', archive, '-C', CACHE]);
  await cp(join(HOME, 'plugin', 'hive'), join(HOME, 'hive'), { recursive: true });
  await rm(join(HOME, 'plugin'), { recursive: true });
  await mkdir(join(HOME, 'plugin'));
  await cp(join(HOME, 'hive'), join(HOME, 'plugin', 'hive'), { recursive: true });
  await rm(join(HOME, 'hive'), { recursive: true });
  await rm(archive);
  await writeFile(done, '');
}

async function ownServer(java: string): Promise<TrinoServer> {
  const root = await mkdtemp(join(tmpdir(), 'headway-trino-'));
  const folder = join(root, 'files');
  const port = await freePort();
  await mkdir(join(root, 'catalog'), { recursive: true });
  await mkdir(folder);
  await writeFile(join(root, 'config.properties'), configOf(port));
  await writeFile(join(root, 'catalog', 'hive.properties'), catalogOf(folder));
  const logFile = join(root, 'server.log');
  const log = openSync(logFile, 'a');
  const child = spawn(java, argumentsOf(root), { cwd: HOME, stdio: ['ignore', log, log] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(root, { recursive: true, force: true });
  };
  const isUp = async () => (await readFile(logFile, 'utf8')).includes('SERVER STARTED');
  if (await comesUp(isUp, () => child.exitCode !== null, START_MS))
    return { address: `trino://headway@127.0.0.1:${port}/hive`, folder, stop };
  const text = await readFile(logFile, 'utf8');
  await stop();
  throw new Error(`it did not start: ${/Errors:[\s\S]{0,300}/.exec(text)?.[0] ?? ''}`);
}

const argumentsOf = (root: string): string[] => [
  ...['-Xmx4g', '-XX:+ExitOnOutOfMemoryError', '-XX:ReservedCodeCacheSize=256M'],
  ...['-Djdk.attach.allowAttachSelf=true', '--add-modules=jdk.incubator.vector'],
  ...['--sun-misc-unsafe-memory-access=allow', '--enable-native-access=ALL-UNNAMED'],
  ...['-Dnode.environment=test', '-Dnode.id=one', `-Dnode.data-dir=${join(root, 'data')}`],
  ...['-Dnode.bind-ip=127.0.0.1', '-Dnode.internal-address=127.0.0.1'],
  `-Dconfig=${join(root, 'config.properties')}`,
  `-Dcatalog.config-dir=${join(root, 'catalog')}`,
  ...['-cp', join('lib', '*'), 'io.trino.server.TrinoServer'],
];

const configOf = (port: number): string =>
  [
    'coordinator=true',
    'node-scheduler.include-coordinator=true',
    `http-server.http.port=${port}`,
    `discovery.uri=http://127.0.0.1:${port}`,
    // Enough to find the duplicates among 10 million trips, and not among 20.
    'query.max-memory=2600MB',
    'query.max-memory-per-node=2500MB',
    'memory.heap-headroom-per-node=800MB',
  ].join('\n');

const catalogOf = (folder: string): string =>
  [
    'connector.name=hive',
    'hive.metastore=file',
    'hive.metastore.catalog.dir=local:///metastore',
    'fs.native-local.enabled=true',
    `local.location=${folder}`,
    'hive.timestamp-precision=MICROSECONDS',
  ].join('\n');
