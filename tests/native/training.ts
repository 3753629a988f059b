/**
 * Purpose: one whole training on a backend, as the command that a person runs, with what it cost.
 * Invariants: the native backend is built once, in a cache of the tests. Time and memory are those
 * of the command and of the processes that it starts: memory is the sum of what each held at most.
 * Fails: with the command's own message; `unavailable` where the backend cannot be built.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { buildNative } from '../../tools/native/build-native.ts';
import { environmentOf } from '../fixtures/cli/headway-process.ts';

const run = promisify(execFile);
const ADDON = join(process.cwd(), 'node_modules', '.cache', 'headway-native', 'tfjs-node-native');
const RESOLVE = pathToFileURL(join(import.meta.dirname, 'resolve-native.mjs')).href;
const COST = pathToFileURL(join(import.meta.dirname, 'print-cost.mjs')).href;

/** Null where it is there; else why it is not. */
export async function nativeUnavailable(): Promise<string | null> {
  const entry = join(ADDON, 'lib', 'napi-v8', 'tfjs_binding.node');
  try {
    await access(entry).catch(() => buildNative(ADDON));
    return null;
  } catch (error) {
    return String((error as Error).message).split('\n')[0] as string;
  }
}

export interface Training {
  readonly report: Readonly<Record<string, unknown>>;
  /** What it wrote to standard error. */
  readonly log: string;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMb: number;
}

/** @param folder a new one, for what its processes say they used */
export async function headwayOn(
  folder: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<Training> {
  await mkdir(folder, { recursive: true });
  const started = performance.now();
  const { stdout, stderr } = await run(
    process.execPath,
    ['--import', 'tsx', 'cli/headway.ts', ...args],
    {
      maxBuffer: 1e8,
      env: environmentOf({
        NODE_OPTIONS: `--import ${RESOLVE} --import ${COST}`,
        HEADWAY_TEST_NATIVE: pathToFileURL(join(ADDON, 'dist', 'index.js')).href,
        HEADWAY_TEST_COST: folder,
        TF_CPP_MIN_LOG_LEVEL: '3',
        ...environment,
      }),
    },
  );
  const wallSeconds = (performance.now() - started) / 1000;
  const costs = await Promise.all(
    (await readdir(folder)).map(async (name) =>
      JSON.parse(await readFile(join(folder, name), 'utf8')),
    ),
  );
  const sum = (name: 'cpuSeconds' | 'peakMb') =>
    costs.reduce((total: number, cost) => total + cost[name], 0);
  return {
    report: JSON.parse(stdout),
    log: stderr,
    wallSeconds,
    cpuSeconds: sum('cpuSeconds'),
    peakMb: sum('peakMb'),
  };
}
