/**
 * Purpose: a real OpenTelemetry Collector for tests, compiled once from Go modules (go.mod,
 * main.go): minutes.
 * Invariants: it listens on loopback, always on the same free port, and ends with `stop`. What it
 * received it writes to a file of its own after each start; `spans` reads all of them.
 * Fails: never: where there is no Go or no registry, the reason is returned.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sha256 } from '../../platform/files/content-hash.ts';
import { type ExportedTraces, type ReceivedSpan, spansOf } from '../fakes/trace-collector.ts';
import { freePort } from '../fixtures/free-port.ts';
import { comesUp, isThere } from '../fixtures/waiting.ts';

const run = promisify(execFile);

const CACHE = join(process.cwd(), 'node_modules', '.cache', 'headway-collector');
const SOURCES = ['go.mod', 'main.go'];
const START_MS = 30_000;

export interface Collector {
  readonly url: string;
  /** Starts it again, on the same port. */
  start(): Promise<void>;
  /** SIGSTOP: it accepts connections and does not reply. */
  signal(name: 'SIGKILL' | 'SIGSTOP'): void;
  /** What it has written so far. */
  spans(): Promise<ReceivedSpan[]>;
  stop(): Promise<void>;
}

export async function startCollector(): Promise<Collector | { readonly unavailable: string }> {
  try {
    const collector = await collectorOf(await compiled());
    await collector.start().catch(async (error: unknown) => {
      await collector.stop();
      throw error;
    });
    return collector;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    const reason = stderr?.trim().split('\n').at(-1) || message.split('\n')[0];
    return { unavailable: `no OpenTelemetry Collector can be started: ${reason}` };
  }
}

/** In a folder for these versions and this program. */
async function compiled(): Promise<string> {
  const texts = SOURCES.map((name) => readFile(join(import.meta.dirname, name), 'utf8'));
  const folder = join(CACHE, sha256((await Promise.all(texts)).join('')).slice(0, 12));
  const program = join(folder, 'collector');
  if (await isThere(program)) return program;
  await mkdir(folder, { recursive: true });
  for (const name of SOURCES) await copyFile(join(import.meta.dirname, name), join(folder, name));
  // Writes the versions of what the four modules need to go.mod, by their own lists, and go.sum.
  const flags = ['-mod=mod', '-buildvcs=false', '-trimpath', '-ldflags=-s -w'];
  await run('go', ['build', ...flags, '-o', program, '.'], { cwd: folder });
  return program;
}

async function collectorOf(program: string): Promise<Collector> {
  const folder = await mkdtemp(join(tmpdir(), 'headway-otel-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  let starts = 0;

  async function end(): Promise<void> {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return {
    url,
    async start() {
      await end();
      starts++;
      const file = join(folder, `${starts}.yaml`);
      // YAML is a superset of JSON.
      await writeFile(file, JSON.stringify(configuration(port, join(folder, `${starts}.traces`))));
      child = spawn(program, [`--config=file:${file}`], { stdio: ['ignore', 'ignore', 'pipe'] });
      await untilReady(child, url);
    },
    signal: (name) => void child?.kill(name),
    async spans() {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.traces'));
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
      // The last line of a file may be incomplete.
      return texts
        .flatMap((text) => text.split('\n').slice(0, -1))
        .flatMap((line) => spansOf(JSON.parse(line) as ExportedTraces));
    },
    async stop() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const configuration = (port: number, path: string) => ({
  receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
  exporters: { file: { path, flush_interval: '100ms' } },
  service: { pipelines: { traces: { receivers: ['otlp'], exporters: ['file'] } } },
});

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  let printed = '';
  child.stderr?.on('data', (chunk) => {
    printed += chunk;
  });
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  const replies = async () =>
    (await fetch(`${url}/v1/traces`, json).catch(() => null))?.ok === true;
  if (await comesUp(replies, () => child.exitCode !== null, START_MS)) return;
  child.kill('SIGKILL');
  throw new Error(printed.trim() || 'it does not reply');
}
