/**
 * Purpose: listen, look for newer models and snapshots from time to time, and stop gracefully.
 * Invariants: it listens before it reads the store, so a store that does not reply is a 503 of
 * /health/ready and no closed port. `close` serves open connections for `drainMs` more and closes
 * each after its response; then running requests finish, within `closeTimeoutMs` in total; no
 * timer and no socket is left then. Signals are the caller's business. Connections never take the
 * last file descriptors: the store, the worker and the log need some.
 * Fails: rejects where the address cannot be listened on (in use, not allowed); nothing is left
 * running then.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { HeadwayError } from '../../platform/errors.ts';
import { maxConnectionsOf, openFileLimit } from '../../platform/jobs/open-files.ts';
import { countdown, repeat, sleep, withTimeout } from '../../platform/timers.ts';
import { type AppOptions, buildApp } from './app.ts';
import type { App } from './plugins/app.ts';

export interface ServerOptions extends AppOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** How often to look for a newer model or snapshot. */
  readonly refreshIntervalMs: number;
  /** How long open connections are still served while it stops; default: 0. */
  readonly drainMs?: number;
  /** Limit of stopping, with the drain. */
  readonly closeTimeoutMs: number;
  /** More connections are closed; null or absent: the limit of open files less a reserve. */
  readonly maxConnections?: number | null;
}

export interface InferenceServer {
  readonly app: App;
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** How often a drain looks whether all connections have ended. */
const DRAIN_STEP_MS = 50;

export async function startServer(options: ServerOptions): Promise<InferenceServer> {
  const app = await buildApp({ ...options, startPatienceMs: 0, preparesTotals: true });
  const maxConnections = options.maxConnections ?? maxConnectionsOf(openFileLimit());
  if (maxConnections !== null) app.server.maxConnections = maxConnections;
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    throw cannotListen(options.host, options.port, error);
  }
  if (!options.apiKeys) logOpenMode(options);
  const { port } = app.server.address() as AddressInfo;
  const name = options.host === '0.0.0.0' || options.host === '::' ? 'localhost' : options.host;
  const host = name.includes(':') ? `[${name}]` : name;
  // refresh() never rejects, and shares a run that is still going on: with a slow store no queue of
  // refreshes grows.
  const { tracing } = options;
  const look = () => app.serving.refresh();
  const refresh = async () => void (await (tracing ? tracing.span('refresh', {}, look) : look()));
  const stopRefreshing = repeat(options.refreshIntervalMs, refresh, (error) =>
    options.logger.error({ err: error }, 'refresh failed'),
  );
  await firstRead(app, options.startPatienceMs ?? Number.POSITIVE_INFINITY);

  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    const leftMs = countdown(options.closeTimeoutMs);
    // A store that does not reply must not hold up the stop.
    const refreshing = stopRefreshing();
    await drain(app, Math.min(options.drainMs ?? 0, leftMs()));
    await withTimeout(leftMs(), refreshing);
    const closed = new AbortController();
    // Requests that have not ended by then are cut off; an abort means that all had ended.
    const cut = sleep(leftMs(), closed.signal).then(
      () => app.server.closeAllConnections(),
      () => {},
    );
    try {
      await app.close();
    } finally {
      closed.abort();
      await cut;
    }
  };
  return {
    app,
    url: `http://${host}:${port}`,
    port,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function cannotListen(host: string, port: number, cause: unknown): HeadwayError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new HeadwayError('SETTINGS_INVALID', `cannot listen on ${host}:${port} (${reason})`, {
    fix: /^E(AI_|ADDRNOTAVAIL|NOTFOUND)/.test(reason)
      ? 'Choose an address of this machine (--host), such as 127.0.0.1.'
      : 'Choose another port (PORT), or stop what uses this one.',
    cause,
  });
}

/** Fails as `startServer` would, without an app. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const probe = createServer();
  try {
    await once(probe.listen({ host, port }), 'listening');
  } catch (error) {
    throw cannotListen(host, port, error);
  }
  await new Promise((resolve) => probe.close(resolve));
}

async function firstRead({ serving }: App, patienceMs: number): Promise<void> {
  const isRead = serving.current() !== null || serving.failure() !== null;
  if (!isRead) await withTimeout(patienceMs, serving.refresh());
}

/**
 * Clients and proxies reuse connections, and a request on one that has just been closed is lost. So
 * each connection is closed by a response that says so, while new ones are still accepted.
 */
async function drain(app: App, ms: number): Promise<void> {
  const leftMs = countdown(ms);
  app.startDraining();
  const connections = () =>
    new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)));
  while (leftMs() > 0 && (await connections()) > 0) await sleep(Math.min(DRAIN_STEP_MS, leftMs()));
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;

/**
 * An open service that only this machine reaches is a demo; one that others reach may be an
 * oversight.
 */
function logOpenMode({ host, logger }: ServerOptions): void {
  if (LOOPBACK.test(host))
    logger.info({ host }, 'open mode: no API key is asked for (HEADWAY_API_KEYS)');
  else
    logger.warn(
      { host },
      'open mode: whoever reaches this address may use the API. Set HEADWAY_API_KEYS, or ' +
        'let only a proxy with a login reach it',
    );
}
