/**
 * Purpose: measure the speed of the service: GET of one forecast against a bare Fastify app with
 * the same official plugins and the same bytes, the maximum rate of posted histories and their
 * latency at half of it, and a long mixed load while models and snapshots change, every number
 * checked.
 *   npm run bench:serve [-- --seconds 300] [--swaps 20] [--runs 5] [--json FILE]
 * Invariants: server, bare server and load are processes of their own; the service has everything
 * on that production has; bare and ours take turns and medians are compared, for a busy machine
 * slows both; the load does not wait for the server (open loop); every different response is
 * compared, number by number, with what its model makes of its snapshot, or of the history that was
 * posted.
 * Fails: a plain Error where a process ends; the exit status is 1 where a response failed or was
 * not of the version it names.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { systemClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/telemetry/logger.ts';
import { terminalProgress } from '../platform/telemetry/terminal-progress.ts';
import { startTensorBackend } from '../platform/tensorflow/tensor-backend.ts';
import { sleep } from '../platform/timers.ts';
import { checkBodies } from './serving/check.ts';
import { createFixture } from './serving/fixture.ts';
import type { LoadOrder, LoadResult } from './serving/load.ts';
import { type MemorySample, slope, watchMemory } from './serving/memory.ts';
import { BARS, type Figures, type Latency, met, report } from './serving/report.ts';
import type { Used } from './serving/server.ts';

const POSTED = 'post';
const CONNECTIONS = 32;
/** Of an open loop: as many as it takes to keep the rate through a stall. */
const MANY_CONNECTIONS = 256;
/** Of the ceiling of the mixed load. */
const SHARE = 0.7;
/** What is asked in the mixed load, of a hundred. */
const MIX = { get: 80, post: 15, many: 5 };
const ASKED_SERIES = 40;

interface Flags {
  readonly seconds: string;
  readonly swaps: string;
  readonly runs: string;
  readonly phase: string;
  readonly history: string;
  readonly rate?: string;
  readonly json?: string;
}

interface Running {
  readonly child: ChildProcess;
  ask<T>(message: unknown): Promise<T>;
}

async function start(
  file: string,
  args: readonly string[],
  logs: string,
): Promise<Running & { first: unknown }> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', openSync(logs, 'a'), 'ipc'],
  });
  const heard = () =>
    new Promise<unknown>((resolve, reject) => {
      const ended = (code: number | null) =>
        reject(new Error(`${file} ended with ${code}: ${readFileSync(logs, 'utf8').slice(-2000)}`));
      child.once('exit', ended);
      child.once('message', (message) => {
        child.off('exit', ended);
        resolve(message);
      });
    });
  const ask = async <T>(message: unknown): Promise<T> => {
    const reply = heard();
    child.send(message as object);
    return (await reply) as T;
  };
  return { child, ask, first: await heard() };
}

const end = ({ child }: Running): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.disconnect();
  });

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`;
function post(path: string, body: unknown): string {
  const text = JSON.stringify(body);
  const head =
    `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: ` +
    `application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n`;
  return head + text;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

async function bench(flags: Flags, folder: string): Promise<void> {
  const [seconds, swaps, runs, phase] = [flags.seconds, flags.swaps, flags.runs, flags.phase].map(
    Number,
  ) as [number, number, number, number];
  const loadBefore = loadavg()[0] as number;
  const progress = terminalProgress({ clock: systemClock });
  progress.start('Measuring', 5 * runs + 5 + swaps);
  let step = 0;
  const next = (what: string): void => progress.update(step++, what);

  next('a store with 300 series');
  await startTensorBackend(silentLogger, 'auto', 'prediction');
  const fixture = await createFixture(folder);
  const load = await start('./serving/load.ts', [], join(folder, 'load.log'));
  const ours = await start(
    './serving/server.ts',
    ['ours', join(folder, 'store')],
    join(folder, 'ours.log'),
  );
  const { address } = ours.first as { address: string };
  const body = await (await fetch(`http://${address}/v1/series/7/forecast`)).text();
  const bodyFile = join(folder, 'body.json');
  await writeFile(bodyFile, body);
  const bare = await start('./serving/server.ts', ['bare', bodyFile], join(folder, 'bare.log'));
  const { address: bareAddress } = bare.first as { address: string };

  const asked = fixture.seriesIds.filter(
    (_, s) => s % Math.ceil(fixture.seriesIds.length / ASKED_SERIES) === 0,
  );
  const histories = fixture.histories(8, Number(flags.history));
  const many = asked.map((id, i) => [
    id,
    asked[(i + 1) % asked.length] as string,
    asked[(i + 7) % asked.length] as string,
  ]);
  const kinds = {
    get: {
      name: 'get',
      weight: MIX.get,
      requests: asked.map((id) => get(`/v1/series/${id}/forecast`)),
    },
    post: {
      name: POSTED,
      weight: MIX.post,
      requests: histories.map((history) => post('/v1/forecasts', { history })),
    },
    many: {
      name: 'many',
      weight: MIX.many,
      requests: many.map((seriesIds) => post('/v1/forecasts', { seriesIds })),
    },
  };

  async function run(
    server: Running,
    order: Pick<LoadOrder, 'address' | 'kinds' | 'seconds'> & Partial<LoadOrder>,
  ) {
    await server.ask('since');
    const { result, error } = await load.ask<{ result?: LoadResult; error?: string }>({
      ...{ connections: CONNECTIONS, rate: null, keepBodies: false },
      ...order,
    });
    if (!result) throw new Error(error);
    const used = await server.ask<Used>('since');
    const count = Object.values(result.kinds).reduce((sum, kind) => sum + kind.count, 0);
    return { ...result, used, cpuUs: (used.cpuMs * 1000) / count };
  }
  // Warm on both sides before anything counts.
  const targets = {
    bare: () => run(bare, { address: bareAddress, kinds: [kinds.get], seconds: phase }),
    ours: () => run(ours, { address, kinds: [kinds.get], seconds: phase }),
  };
  type Target = keyof typeof targets;
  const taken: Record<Target, Awaited<ReturnType<typeof run>>[]> = {
    bare: [],
    ours: [],
  };
  for (let turn = -1; turn < runs; turn++) {
    for (const target of Object.keys(targets) as Target[]) {
      next(turn < 0 ? `warming: ${target}` : `GET: ${target}`);
      const measured = await targets[target]();
      if (turn >= 0) taken[target].push(measured);
    }
  }
  const perSecond = (target: Target): number => median(taken[target].map((one) => one.perSecond));
  const cpuUs = (target: Target): number => median(taken[target].map((one) => one.cpuUs));

  next('warming: POST');
  await run(ours, { address, kinds: [kinds.post], seconds: phase });
  const posts: number[] = [];
  for (let turn = 0; turn < runs; turn++) {
    next('POST: ceiling');
    posts.push(
      (await run(ours, { address, kinds: [kinds.post], seconds: phase, connections: 64 }))
        .perSecond,
    );
  }
  const ceiling = median(posts);
  const rates = { promised: BARS.postPerSecond / 2, ceiling: ceiling / 2 };
  type Rate = keyof typeof rates;
  const windows: Record<Rate, Awaited<ReturnType<typeof run>>[]> = { promised: [], ceiling: [] };
  for (let turn = 0; turn < runs; turn++) {
    for (const which of Object.keys(rates) as Rate[]) {
      const rate = rates[which];
      next(`POST: ${Math.round(rate)} a second`);
      windows[which].push(
        await run(ours, {
          address,
          kinds: [kinds.post],
          seconds: 2 * phase,
          rate,
          connections: MANY_CONNECTIONS,
        }),
      );
    }
  }
  const latency = (which: Rate): Latency => ({
    rate: rates[which],
    p50_ms: median(windows[which].map(({ kinds: { post } }) => post?.p50Ms ?? Number.NaN)),
    p99_ms: median(windows[which].map(({ kinds: { post } }) => post?.p99Ms ?? Number.NaN)),
    failures: windows[which].reduce((sum, { failures }) => sum + count(failures), 0),
  });
  const half = { promised: latency('promised'), ceiling: latency('ceiling') };

  next('mixed: ceiling');
  const mixed = Object.values(kinds);
  const mixedCeiling = (
    await run(ours, { address, kinds: mixed, seconds: 2 * phase, connections: 64 })
  ).perSecond;
  const rate = flags.rate === undefined ? SHARE * mixedCeiling : Number(flags.rate);

  const memory: MemorySample[] = [];
  const under = run(ours, {
    address,
    kinds: mixed,
    seconds,
    rate,
    connections: MANY_CONNECTIONS,
    keepBodies: true,
  });
  const changes = swapUnderLoad(seconds, swaps, (n) => {
    next(`mixed: swap ${n} of ${swaps}`);
    return n % 2 === 1 ? fixture.addModel() : fixture.addSnapshot();
  });
  const watched = watchMemory(ours.child.pid as number, seconds, memory);
  const [load70] = await Promise.all([under, changes, watched]);
  const checked = checkBodies(load70.bodies, fixture, histories);
  progress.stop();
  await Promise.all([ours, bare, load].map(end));

  const { bodies: _bodies, used, kinds: perKind, failures, perSecond: reached } = load70;
  const figures: Figures = {
    get: {
      ...{ per_second: perSecond('ours'), bare_per_second: perSecond('bare') },
      ...{ cpu_us: cpuUs('ours'), bare_cpu_us: cpuUs('bare') },
      ...{
        body_bytes: body.length,
        failures: taken.ours.reduce((sum, one) => sum + count(one.failures), 0),
      },
    },
    post: { per_second: ceiling, history_values: Number(flags.history), half },
    mixed: {
      ...{
        seconds,
        swaps,
        rate,
        ceiling_per_second: mixedCeiling,
        reached_per_second: reached,
        kinds: perKind,
      },
      ...{ failures, failed: count(failures), ...checked },
      ...{
        delay_p50_ms: used.delayP50Ms,
        delay_p99_ms: used.delayP99Ms,
        delay_max_ms: used.delayMaxMs,
      },
      memory: slope(memory),
    },
    machine: {
      node: process.version,
      cpus: cpus().length,
      load_before: loadBefore,
      load_after: loadavg()[0] ?? Number.NaN,
    },
  };
  report(figures);
  if (figures.mixed.failed > 0 || figures.mixed.wrong > 0) process.exitCode = 1;
  if (!flags.json) return;
  await mkdir(dirname(flags.json), { recursive: true });
  await writeFile(flags.json, `${JSON.stringify({ ...figures, bars: met(figures) }, null, 1)}\n`);
}

const count = (failures: Readonly<Record<string, number>>): number =>
  Object.values(failures).reduce((sum, n) => sum + n, 0);

/** Changes at even distances, the last a while before the end. */
async function swapUnderLoad(
  seconds: number,
  swaps: number,
  change: (n: number) => Promise<void>,
): Promise<void> {
  const started = systemClock.elapsedMs();
  for (let n = 1; n <= swaps; n++) {
    const due = started + (n * seconds * 1000) / (swaps + 1);
    await sleep(Math.max(0, due - systemClock.elapsedMs()));
    await change(n);
  }
}

const command = new Command('bench:serve')
  .description(
    'The HTTP service against a bare Fastify app, and under a long mixed load while models ' +
      'and snapshots change.',
  )
  .option('--seconds <count>', 'how long the mixed load lasts', '300')
  .option('--swaps <count>', 'new models and snapshots in that time, in turn', '20')
  .option('--runs <count>', 'measure each ceiling so often, and take the medians', '5')
  .option('--phase <seconds>', 'how long each of these runs lasts', '4')
  .option('--history <count>', 'values of a posted history', '672')
  .option('--rate <count>', 'mixed requests a second; 70 % of the measured ceiling without it')
  .option('--json <file>', 'write the figures as JSON');

await command.parseAsync();
const folder = await mkdtemp(join(tmpdir(), 'headway-bench-'));
try {
  await bench(command.opts<Flags>(), folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
