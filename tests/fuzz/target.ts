/**
 * Purpose: the service that is fuzzed, in a process of its own: the real server on a free port,
 * over a small fixture that is kept in memory.
 * Invariants: reports to its parent, by message, where it listens, every unexpected error and
 * unhandled rejection, and on request what it holds: heap after garbage collection, sockets, open
 * handles. No rate limit, and no limit of the event loop's delay unless the parent sets one.
 * Fails: exit status 1 where it cannot listen.
 */

import pino from 'pino';
import { HeadwayError } from '../../platform/errors.ts';
import { buildApp } from '../../services/inference/app.ts';
import { startServer } from '../../services/inference/server.ts';
import { heldSnapshot } from '../../storage/features/online/online-snapshot.ts';
import {
  createFixture,
  IDS,
  LENGTH,
  manifestOf,
  NOW,
  panelOf,
  weeklyNaive,
} from '../fakes/inference.ts';

/** Enough series that a stream is longer than the buffers of a socket. */
const MANY = Array.from({ length: 700 }, (_, i) => `s${i}`);
const REMEMBERED_POSTS = 100;

const send = (message: object): void => void process.send?.(message);
const note = (kind: string) => (error: unknown) =>
  send({ trouble: `${kind}: ${error instanceof Error ? error.stack : String(error)}` });
process.on('unhandledRejection', note('unhandled rejection'));
process.on('uncaughtException', note('uncaught exception'));
process.on('warning', note('warning'));

const { options } = createFixture({
  ids: [...IDS, ...MANY],
  makeForecaster: () => ({ ...weeklyNaive(), exogenous: { past: ['heat'], future: ['plan'] } }),
});
const exogenous = {
  heat: new Float32Array(LENGTH).fill(10),
  plan: new Float32Array(LENGTH + 24).fill(2),
};

/**
 * Remembers the last keys alone: memory that grew would be this fixture's and not the service's.
 */
const posts = new Map<string, string>();
const actuals = {
  append: async (post: { readonly actuals: unknown; readonly idempotencyKey: string | null }) => {
    const content = JSON.stringify(post.actuals);
    const key = post.idempotencyKey ?? content.slice(0, 200);
    const before = posts.get(key);
    if (before !== undefined && before !== content)
      throw new HeadwayError('IDEMPOTENCY_CONFLICT', 'the key was used for another post');
    posts.set(key, content);
    if (posts.size > REMEMBERED_POSTS) posts.delete(posts.keys().next().value as string);
    return { key: 'actuals/demo/5f2c.json', availableAt: NOW, isNew: before === undefined };
  },
};
const logger = pino(
  { level: 'error' },
  { write: (line: string) => send({ trouble: `logged: ${line.slice(0, 3000)}` }) },
);

const server = await startServer({
  ...options,
  logger,
  actuals,
  // Short, so that uploads that stall are ended while somebody waits for it.
  settings: { ...options.settings, requestTimeoutMs: 3000, eventStreamMs: 0 },
  features: {
    ...options.features,
    openOnline: async () =>
      heldSnapshot({ ...panelOf([...IDS, ...MANY], 10), exogenous }, manifestOf(1)),
  },
  host: '127.0.0.1',
  port: 0,
  refreshIntervalMs: 3_600_000,
  closeTimeoutMs: 1000,
});

const { gc } = globalThis as { gc?: () => void };
async function measured() {
  // Twice: what finalizers let go of is collected by the second.
  for (let i = 0; i < 2; i++) {
    gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const sockets = await new Promise<number>((resolve) =>
    server.app.server.getConnections((_error, count) => resolve(count ?? 0)),
  );
  const handles = process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'TCPSocketWrap').length;
  return { heapBytes: process.memoryUsage().heapUsed, sockets, handles };
}

process.on('message', (message: { readonly ask: 'measure' | 'close' }) => {
  if (message.ask === 'measure') void measured().then((measure) => send({ measure }));
  else void server.close().then(() => process.disconnect());
});

const document = await openapi();
send({ port: server.port, document, ids: IDS });

/** From an app of its own: the one that is fuzzed has served nothing yet. */
async function openapi(): Promise<unknown> {
  const app = await buildApp(options);
  const { body } = await app.inject('/openapi.json');
  await app.close();
  return JSON.parse(body);
}
