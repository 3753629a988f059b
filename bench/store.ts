/**
 * Purpose: what the feature store promises about speed, as a command that prints ratios: raw events
 * to a committed snapshot next to the bare DuckDB query on the same file, an hourly increment on
 * top of a year, and the read that serving makes.
 *   npm run bench:store [-- --events 20000000] [--runs 3] [--json FILE]
 * Invariants: the events are the same on every machine (hashes of their number) and lie in a
 * temporary folder that goes at the end; every measurement runs alone in a fresh process
 * (bench/support/store-measure.ts), so that its peak memory is its own; bare query and pipeline
 * take turns and the medians are compared, for a busy machine slows both; both count the same
 * events.
 * Fails: a plain Error where a child fails or the sums differ.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { systemClock } from '../platform/clock.ts';
import { terminalProgress } from '../platform/telemetry/terminal-progress.ts';

/** What the project promises. */
const BARS = { toBare: 1.3, megabytes: 1024, hourlyMs: 1000, servingMs: 50 };
const MEASURE = fileURLToPath(new URL('./support/store-measure.ts', import.meta.url));

interface Flags {
  readonly events: string;
  readonly runs: string;
  readonly json?: string;
}

interface Measured {
  readonly ms: number;
  readonly peakMb: number;
  readonly events?: number;
  readonly first?: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

async function measure(part: string, folder: string, ...rest: string[]): Promise<Measured> {
  const run = promisify(execFile);
  const { stdout } = await run(
    process.execPath,
    ['--import', 'tsx', MEASURE, part, folder, ...rest],
    { maxBuffer: 1 << 24 },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

async function bench(flags: Flags, folder: string): Promise<void> {
  const [events, runs] = [Number(flags.events), Number(flags.runs)];
  const loadBefore = loadavg()[0] as number;
  const progress = terminalProgress({ clock: systemClock });
  progress.start('Measuring', runs * 4 + 4);
  let step = 0;
  const next = (what: string): void => progress.update(step++, what);
  next('writing events');
  await measure('write', folder, String(events));
  const bytes = (await stat(join(folder, 'months.parquet'))).size;

  const taken = {
    bare: [] as Measured[],
    whole: [] as Measured[],
    bareOnce: [] as Measured[],
    wholeOnce: [] as Measured[],
  };
  for (let run = 0; run < runs; run++) {
    for (const part of ['bare', 'whole', 'bareOnce', 'wholeOnce'] as const) {
      next(part);
      taken[part].push(await measure(part, folder));
    }
  }
  for (const [ours, bare] of [
    [taken.whole, taken.bare],
    [taken.wholeOnce, taken.bareOnce],
  ] as const)
    if (new Set([...ours, ...bare].map((run) => run.events)).size > 1)
      throw new Error('snapshot and bare query differ');
  next('hour, fresh');
  await measure('year', folder);
  const hourFresh = await measure('hour', folder, 'fresh');
  next('hour, warm');
  const hourWarm = await measure('hour', folder, 'warm');
  next('serving');
  const serving = await measure('serving', folder);
  progress.stop();

  const ms = (part: keyof typeof taken): number => median(taken[part].map((run) => run.ms));
  const peak = (part: keyof typeof taken): number =>
    Math.max(...taken[part].map((run) => run.peakMb));
  const result = {
    ...{ events, bytes, runs },
    to_bare: {
      ratio: ms('whole') / ms('bare'),
      ms: ms('whole'),
      bare_ms: ms('bare'),
      peak_mb: peak('whole'),
      bare_peak_mb: peak('bare'),
    },
    to_bare_distinct: {
      ...{ ratio: ms('wholeOnce') / ms('bareOnce'), ms: ms('wholeOnce'), bare_ms: ms('bareOnce') },
      ...{ peak_mb: peak('wholeOnce'), bare_peak_mb: peak('bareOnce') },
    },
    hourly: { fresh_ms: hourFresh.ms, warm_ms: hourWarm.ms },
    serving: { ms: serving.ms, first_ms: serving.first },
    bars: BARS,
    machine: {
      node: process.version,
      cpus: cpus().length,
      load_before: loadBefore,
      load_after: loadavg()[0],
    },
  };
  report(result);
  if (!flags.json) return;
  await mkdir(dirname(flags.json), { recursive: true });
  await writeFile(flags.json, `${JSON.stringify(result, null, 1)}\n`);
}

interface Comparison {
  readonly ratio: number;
  readonly ms: number;
  readonly bare_ms: number;
  readonly peak_mb: number;
}

function report(result: {
  events: number;
  bytes: number;
  runs: number;
  to_bare: Comparison;
  to_bare_distinct: Comparison;
  hourly: { fresh_ms: number; warm_ms: number };
  serving: { ms: number };
  machine: { load_before: number; load_after: number | undefined };
}): void {
  const { events, bytes, runs, to_bare, to_bare_distinct, hourly, serving, machine } = result;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  const against = (bar: number, is: number): string =>
    `bar ${bar}: ${is <= bar ? 'met' : 'missed'}`;
  const line = (what: string, { ratio, ms, bare_ms, peak_mb }: Comparison): string =>
    `${what}: ${ratio.toFixed(2)} × the bare query (${seconds(ms)} / ${seconds(bare_ms)}; ` +
    `${against(BARS.toBare, ratio)}), peak memory ${peak_mb.toFixed(0)} MB ` +
    `(${against(BARS.megabytes, peak_mb)})`;
  console.log(`${events} events, ${(bytes / 1e6).toFixed(0)} MB of Parquet; medians of ${runs}`);
  console.log(line('File to snapshot', to_bare));
  console.log(line('… with events duplicated found by both', to_bare_distinct));
  console.log(
    `An hour on top of that: ${(hourly.warm_ms / BARS.hourlyMs).toFixed(2)} s in a process ` +
      `that has the store open, ${(hourly.fresh_ms / BARS.hourlyMs).toFixed(2)} s in a ` +
      `fresh one (${against(1, hourly.fresh_ms / 1000)})`,
  );
  console.log(
    `Eight weeks of 300 series for serving: ${serving.ms.toFixed(1)} ms ` +
      `(${against(BARS.servingMs, serving.ms)})`,
  );
  console.log(
    `load of the machine ${machine.load_before.toFixed(1)} before, ` +
      `${machine.load_after?.toFixed(1)} after`,
  );
}

const command = new Command('bench:store')
  .description(
    'The feature store next to the bare DuckDB query: ratios of time and memory, and the ' +
      'reads that serving makes.',
  )
  .option('--events <count>', 'raw events in the file', '20000000')
  .option('--runs <count>', 'measure so often, and take the medians', '3')
  .option('--json <file>', 'write the figures as JSON');

const folder = await mkdtemp(join(tmpdir(), 'headway-bench-'));
try {
  await command.parseAsync();
  await bench(command.opts<Flags>(), folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
