/**
 * Purpose: fuzzes the prediction service: thousands of requests, from the OpenAPI document and
 * against it, at a real server in a process of its own, and a verdict on every response, on what
 * the process logged, and on what it holds afterwards.
 * Invariants: a request is made from the seed and its number alone, so one that failed is made
 * again by `--seed S --only N`; a failure is reduced to the fewest bytes that still fail.
 * Fails: rejects where the server does not start or dies; all else is in the report.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../../platform/progress.ts';
import { seededRandom, seedFrom } from '../../platform/random.ts';
import { dereferenced, type Json } from '../fixtures/dereferenced.ts';
import { fitting, pick } from './from-schema.ts';
import { mutatedBody, oddPath, oddProtocol } from './hostile.ts';
import { createJudge, LATE } from './judge.ts';
import { reduced } from './reduce.ts';
import { type FuzzRequest, operationsOf, shapedRequest } from './shaped.ts';
import { exchange } from './wire.ts';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** The number of the first one; 0 without it. */
  readonly from?: number;
  /** Send this one alone. */
  readonly only?: number;
  readonly progress: Progress;
  /** Requests under way at once. */
  readonly lanes?: number;
  /** After so long without a response the service hangs. */
  readonly timeoutMs?: number;
}

export interface Failure {
  readonly index: number;
  readonly kind: string;
  readonly problem: string;
  /** The fewest bytes that still fail, as a JSON string of Latin-1. */
  readonly bytes: string;
}

export interface FuzzReport {
  readonly seed: number;
  readonly requests: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
  /** Unexpected errors in the log, unhandled rejections, warnings. */
  readonly troubles: readonly string[];
  /** After each twentieth of the requests, garbage collected. */
  readonly heapMb: readonly number[];
  /** Least-squares slope of the second half. */
  readonly heapBytesPerRequest: number;
  readonly socketsLeft: number;
  readonly handlesGrown: number;
}

const MEASURES = 20;
const MAX_FAILURES = 20;
const MAX_BYTES_SHOWN = 1500;

interface Measure {
  readonly heapBytes: number;
  readonly sockets: number;
  readonly handles: number;
}

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { requests, seed, from = 0, only, progress, lanes = 12, timeoutMs = 30_000 } = options;
  const target = await startTarget();
  const judge = createJudge(target.document);
  const make = requestMaker(target, seed);
  const [byKind, byStatus]: Record<string, number>[] = [{}, {}];
  const failures: Failure[] = [];
  const heap: { readonly after: number; readonly bytes: number }[] = [];

  async function verdict(request: FuzzRequest, patienceMs = timeoutMs): Promise<string | null> {
    const before = target.troubles.length;
    const response = await exchange(target.port, request.chunks, request.manner, patienceMs);
    for (const { status } of response.responses) byStatus[status] = (byStatus[status] ?? 0) + 1;
    if (target.hasDied()) return 'the service died';
    // Other requests are under way: what was logged now may be of one of them, and is in the
    // report in any case.
    return (
      judge(response, request.expected) ??
      (only !== undefined ? (target.troubles[before] ?? null) : null)
    );
  }

  async function one(index: number): Promise<void> {
    const request = make(index);
    byKind[request.kind] = (byKind[request.kind] ?? 0) + 1;
    const problem = await verdict(request);
    if (problem === null || failures.length >= MAX_FAILURES) return;
    // Without its `Connection: close` a smaller one gets a response and stays open: nothing to
    // wait for.
    const patienceMs = problem === LATE ? timeoutMs : 1000;
    const fewest = await reduced(
      request,
      async (smaller) => (await verdict(smaller, patienceMs)) === problem,
    );
    const bytes = JSON.stringify(
      fewest.chunks.map((chunk) => chunk.toString('latin1')).join(''),
    ).slice(0, MAX_BYTES_SHOWN);
    failures.push({ index, kind: `${request.kind}, ${request.manner}`, problem, bytes });
  }

  progress.start('Fuzzing', requests);
  try {
    const first = await target.measure();
    const indexes =
      only === undefined ? Array.from({ length: requests }, (_, i) => from + i) : [only];
    let done = 0;
    for (const part of partsOf(indexes, MEASURES)) {
      const open = [...part].reverse();
      const lane = async () => {
        for (let index = open.pop(); index !== undefined; index = open.pop()) {
          await one(index);
          progress.update(++done, `${failures.length} failures`);
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      heap.push({ after: done, bytes: (await target.measure()).heapBytes });
    }
    const last = await target.settled();
    return {
      seed,
      requests: indexes.length,
      byKind: sorted(byKind),
      byStatus: sorted(byStatus),
      failures,
      troubles: [...new Set(target.troubles)],
      heapMb: heap.map(({ bytes }) => Math.round(bytes / 1e5) / 10),
      heapBytesPerRequest: slopeOf(heap.slice(Math.floor(heap.length / 2))),
      socketsLeft: last.sockets,
      handlesGrown: last.handles - first.handles,
    };
  } finally {
    progress.stop(`${failures.length} failures`);
    await target.close();
  }
}

interface Target {
  readonly port: number;
  readonly document: Json;
  readonly ids: readonly string[];
  readonly troubles: string[];
  hasDied(): boolean;
  measure(): Promise<Measure>;
  /** Once its sockets are gone, or after a while. */
  settled(): Promise<Measure>;
  close(): Promise<void>;
}

async function startTarget(): Promise<Target> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./target.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx', '--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const troubles: string[] = [];
  child.on('message', ({ trouble }: { trouble?: string }) => {
    if (trouble) troubles.push(trouble);
  });
  const heard = <T>(member: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const onMessage = (message: Record<string, unknown>) => {
        if (!(member in message)) return;
        child.off('message', onMessage).off('exit', onExit);
        resolve(message as T);
      };
      const onExit = (code: number | null) =>
        reject(new Error(`the service ended with ${code}: ${troubles.join('\n')}`));
      child.on('message', onMessage).on('exit', onExit);
    });
  const { port, document, ids } = await heard<{ port: number; document: Json; ids: string[] }>(
    'port',
  );
  const measure = async (): Promise<Measure> => {
    const response = heard<{ measure: Measure }>('measure');
    child.send({ ask: 'measure' });
    return (await response).measure;
  };
  return {
    port,
    document,
    ids,
    troubles,
    hasDied: () => child.exitCode !== null || child.signalCode !== null,
    measure,
    async settled() {
      let last = await measure();
      for (let tries = 0; last.sockets > 0 && tries < 200; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        last = await measure();
      }
      return last;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.send({ ask: 'close' });
      await gone;
    },
  };
}

/** Request number n: seven in ten from the document, the rest against it. */
function requestMaker(
  { document: served, ids }: Target,
  seed: number,
): (index: number) => FuzzRequest {
  const document = dereferenced(served);
  const operations = operationsOf(document);
  const posts = operations.filter(({ spec }) => spec.requestBody);
  return (index) => {
    const random = seededRandom(seedFrom('fuzz', seed, index));
    const draw = random();
    if (draw < 0.7) return shapedRequest(pick(random, operations), random, ids);
    if (draw < 0.84) {
      const { path, spec } = pick(random, posts);
      const body = fitting(spec.requestBody.content['application/json'].schema, random, ids);
      return mutatedBody(random, path, JSON.stringify(body));
    }
    return draw < 0.91 ? oddPath(random) : oddProtocol(random);
  };
}

function partsOf<T>(list: readonly T[], count: number): T[][] {
  const size = Math.ceil(list.length / count);
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
}

function slopeOf(points: readonly { readonly after: number; readonly bytes: number }[]): number {
  const mean = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(({ after }) => after), mean(({ bytes }) => bytes)];
  const spread = points.reduce((sum, { after }) => sum + (after - x) ** 2, 0);
  return spread === 0
    ? 0
    : Math.round(
        (points.reduce((sum, { after, bytes }) => sum + (after - x) * (bytes - y), 0) / spread) *
          10,
      ) / 10;
}

const sorted = (counts: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
