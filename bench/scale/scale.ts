/**
 * Purpose: whether one store holds a million series, as a command: an hour is committed, all series
 * are forecast, and one alone, next to the same of few series in the same run; on demand, a
 * service of one shard and a training on as many of them as it reads.
 *   npm run bench:scale [-- --series 10000,1000000] [--weeks 28] [--phases …] [--folder DIR]
 *     [--json FILE]
 * Invariants: each phase is a process of its own (bench/scale/phase.ts); times a series are
 * of processor time, for a crowded machine does not change them. A million series of 28 weeks need
 * 40 GB on the disk of the folder.
 * Fails: a plain Error where a phase fails.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Table from 'cli-table3';
import { Command } from 'commander';
import { runBench } from '../support/run-bench.ts';

const PHASES = ['fill', 'commit', 'run', 'batch', 'one', 'serve', 'train'] as const;
const CHILD = fileURLToPath(new URL('./phase.ts', import.meta.url));

interface Flags {
  readonly series: string;
  readonly weeks: string;
  readonly phases: string;
  readonly folder?: string;
  readonly json?: string;
}

interface Measured {
  readonly phase: (typeof PHASES)[number];
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly viewBytes?: number;
  readonly viewObjects?: number;
}

async function bench(flags: Flags, temporary: string): Promise<void> {
  const sizes = flags.series.split(',').map(Number);
  const root = flags.folder ? await mkdtemp(join(flags.folder, 'headway-bench-')) : temporary;
  const results: { series: number; phases: Measured[] }[] = [];
  const table = new Table({
    head: ['series', 'phase', 'seconds', 'CPU s', 'CPU µs a series', 'of the first', 'peak MB'],
    style: { head: [], border: [] },
  });
  try {
    for (const series of sizes) {
      const folder = await mkdtemp(join(root, 'scale-'));
      const phases: Measured[] = [];
      const wanted = flags.phases.split(',');
      for (const phase of PHASES.filter((one) => wanted.includes(one))) {
        const found = await measure(phase, folder, series, Number(flags.weeks));
        phases.push(found);
        console.log(JSON.stringify({ series, ...found }));
        const each = found.cpuSeconds / series;
        const first = results[0];
        const before = first?.phases.find((one) => one.phase === phase);
        const ratio = first && before ? each / (before.cpuSeconds / first.series) : 1;
        table.push([
          ...[series, phase, found.seconds.toFixed(1), found.cpuSeconds.toFixed(1)],
          ...(phase === 'one' ? ['', ''] : [(each * 1e6).toFixed(0), ratio.toFixed(2)]),
          found.peakMb.toFixed(0),
        ]);
      }
      results.push({ series, phases });
      await rm(folder, { recursive: true });
    }
  } finally {
    if (flags.folder) await rm(root, { recursive: true, force: true });
  }
  console.log(table.toString());
  if (!flags.json) return;
  const machine = { node: process.version, cpus: cpus().length, load: loadavg()[0] };
  await mkdir(dirname(flags.json), { recursive: true });
  await writeFile(
    flags.json,
    `${JSON.stringify({ weeks: Number(flags.weeks), results, machine }, null, 1)}\n`,
  );
}

async function measure(
  phase: string,
  folder: string,
  series: number,
  weeks: number,
): Promise<Measured> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', CHILD, phase, folder, String(series), String(weeks)],
    { maxBuffer: 1e8 },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Measured;
}

const command = new Command('bench:scale')
  .description('A commit, a batch and one forecast of a store of very many series.')
  .option('--series <counts>', 'numbers of series, the one to compare with first', '10000,1000000')
  .option('--weeks <count>', 'weeks of hours in the view', '28')
  .option(
    '--phases <names>',
    `of ${PHASES.join(', ')}; all need \`fill\``,
    'fill,commit,run,batch,one',
  )
  .option('--folder <path>', 'where the stores are made; default: the temporary folder')
  .option('--json <file>', 'write the figures as JSON');
await runBench<Flags>(command, bench);
