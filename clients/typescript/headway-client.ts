/**
 * Purpose: a client of the Headway API: openapi-fetch on the generated types, with time-outs,
 * retries, ETags, lines of NDJSON and server-sent events. Copy it with headway-api.ts into a
 * program of your own.
 * Invariants: a request is sent again after 429, 503 or a failed connection, which is safe for
 * every operation of the API. A wait is never shorter than Retry-After and never longer than
 * `maxWaitMs`.
 * Fails: HeadwayProblem for a problem of the service; HeadwayUnreachable for no response, an
 * incomplete one, or a response of another service.
 */
import createClient, { type Client, type Middleware } from 'openapi-fetch';
import type { components, paths } from './headway-api.ts';

type Schemas = components['schemas'];
type Json = 'application/json' | 'application/problem+json';

export interface ClientOptions {
  readonly baseUrl: string;
  /** Sent with every request, for example an API key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For a whole response; of a stream, for its start and between two chunks. */
  readonly timeoutMs?: number;
  /** Attempts after the first. */
  readonly retries?: number;
  /** Where the service asks for a longer wait, its problem is thrown. */
  readonly maxWaitMs?: number;
  /** Responses that are cached with their ETag; 0 caches none. */
  readonly cachedResponses?: number;
  /** For tests: instead of the global ones. */
  readonly fetch?: (request: Request) => Promise<Response>;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** `code` never changes its meaning; `problem.fix` says what to do. */
export class HeadwayProblem extends Error {
  override readonly name = 'HeadwayProblem';
  readonly problem: Schemas['Problem'];
  readonly retryAfterSeconds: number | null;

  constructor(problem: Schemas['Problem'], retryAfterSeconds: number | null) {
    super(`${problem.code}: ${problem.detail}`);
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export class HeadwayUnreachable extends Error {
  override readonly name = 'HeadwayUnreachable';
}

export interface HeadwayClient extends Client<paths, Json> {
  /** The forecasts of all series, one at a time as they arrive. */
  forecastLines(query?: {
    horizon?: number;
    levels?: string;
    history?: number;
  }): AsyncGenerator<Schemas['Forecast'], void>;
  /**
   * What is served, and each change of it, until the stream ends; `retryMs` says when to ask again.
   */
  servingEvents(seconds: number, signal: AbortSignal): AsyncGenerator<ServingEvent, void>;
}

/** @example const client = createHeadwayClient({ baseUrl: 'http://127.0.0.1:8080' }); */
export function createHeadwayClient(options: ClientOptions): HeadwayClient {
  const { baseUrl, headers = {}, timeoutMs = 10_000, cachedResponses = 200 } = options;
  const client = createClient<paths, Json>({ baseUrl, headers, fetch: retryingFetch(options) });
  client.use(etagCache(cachedResponses));

  async function* forecastLines(
    query: { horizon?: number; levels?: string; history?: number } = {},
  ): AsyncGenerator<Schemas['Forecast'], void> {
    const { data } = await client.GET('/v1/forecasts', {
      params: { query: { ...query, format: 'ndjson' } },
      parseAs: 'stream',
    });
    yield* readLines<Schemas['Forecast']>(data as ReadableStream<Uint8Array>, timeoutMs);
  }
  async function* servingEvents(
    seconds: number,
    signal: AbortSignal,
  ): AsyncGenerator<ServingEvent, void> {
    const params = { query: { seconds } };
    const { data } = await client.GET('/v1/events', { params, parseAs: 'stream', signal });
    const lines = linesOf(data as ReadableStream<Uint8Array>, Math.max(timeoutMs, KEEP_ALIVE_MS));
    for await (const line of lines) {
      if (line.startsWith('retry: ')) yield { retryMs: Number(line.slice(7)) };
      if (line.startsWith('data: ')) yield { serving: JSON.parse(line.slice(6)) };
    }
  }
  return { ...client, forecastLines, servingEvents };
}

export interface ServingEvent {
  readonly serving?: Schemas['Ready'];
  readonly retryMs?: number;
}

/** A stream of events without a line for so long is dead. */
const KEEP_ALIVE_MS = 45_000;
const STREAMS = ['application/x-ndjson', 'text/event-stream'];

/** The data of a response: a response that is not 2xx has thrown before. */
export async function dataOf<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

function retryingFetch(options: ClientOptions): (request: Request) => Promise<Response> {
  const { retries = 3, maxWaitMs = 30_000, sleep = defaultSleep } = options;
  return async (request) => {
    for (let attempt = 0; ; attempt++) {
      const result = await send(request.clone(), options).catch((error: Error) => error);
      if (result instanceof Response) return result;
      request.signal.throwIfAborted();
      const waitMs = waitOf(result, attempt);
      if (attempt >= retries || waitMs === null || waitMs > maxWaitMs) throw result;
      await sleep(waitMs, request.signal);
    }
  };
}

/** One attempt. The body is read here, so that a body that stops is an attempt that failed. */
async function send(request: Request, options: ClientOptions): Promise<Response> {
  const { fetch: fetchOnce = fetch, timeoutMs = 10_000 } = options;
  const what = `${request.method} ${new URL(request.url).pathname}`;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    const signal = AbortSignal.any([request.signal, timeout.signal]);
    const response = await fetchOnce(new Request(request, { signal }));
    if (response.ok && STREAMS.includes(typeOf(response))) return response;
    const text = await response.text();
    if (response.status === 304) return new Response(null, response);
    if (!response.ok) throw errorOf(response, text);
    if (/json$/.test(typeOf(response))) return new Response(text, response);
    throw new HeadwayUnreachable(`${what}: the response is not JSON`);
  } catch (cause) {
    if (cause instanceof HeadwayProblem || cause instanceof HeadwayUnreachable) throw cause;
    const reason = timeout.signal.aborted ? `no response within ${timeoutMs} ms` : String(cause);
    throw new HeadwayUnreachable(`${what}: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

const typeOf = (response: Response): string =>
  (response.headers.get('content-type') ?? '').split(';')[0] as string;

function errorOf(response: Response, text: string): Error {
  if (typeOf(response) !== 'application/problem+json')
    return new HeadwayUnreachable(`HTTP ${response.status} from something that is not Headway`);
  const after = response.headers.get('retry-after');
  return new HeadwayProblem(JSON.parse(text), after === null ? null : Number(after));
}

/** null: the same request would fail again. */
function waitOf(error: Error, attempt: number): number | null {
  const problem = error instanceof HeadwayProblem ? error : null;
  if (problem && ![429, 503].includes(problem.problem.status)) return null;
  const seconds = problem?.retryAfterSeconds ?? 0.25 * 2 ** attempt;
  // Up to half as long again, so that clients refused together do not come back together.
  return 1000 * seconds * (1 + Math.random() / 2);
}

/** Adds If-None-Match to a GET, and completes a 304 from the cache. */
function etagCache(max: number): Middleware {
  const cache = new Map<string, Response>();
  return {
    onRequest({ request }) {
      const etag = request.method === 'GET' && cache.get(request.url)?.headers.get('etag');
      if (etag) request.headers.set('if-none-match', etag);
    },
    onResponse({ request, response }) {
      const { url } = request;
      if (response.status === 304) return cache.get(url)?.clone();
      if (!response.headers.has('etag') || typeOf(response) !== 'application/json')
        return undefined;
      cache.delete(url);
      cache.set(url, response.clone());
      if (cache.size > max) cache.delete(cache.keys().next().value as string);
      return undefined;
    },
  };
}

/** A stream that ends early throws: it is never a shorter list. */
async function* readLines<T>(
  stream: ReadableStream<Uint8Array>,
  timeoutMs: number,
): AsyncGenerator<T, void> {
  for await (const line of linesOf(stream, timeoutMs)) yield JSON.parse(line) as T;
}

async function* linesOf(
  stream: ReadableStream<Uint8Array>,
  timeoutMs: number,
): AsyncGenerator<string, void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await nextChunk(reader, timeoutMs);
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() as string;
      yield* lines;
    }
    if (rest !== '') throw new HeadwayUnreachable('the stream ended in the middle of a line');
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function nextChunk(reader: ReadableStreamDefaultReader<Uint8Array>, timeoutMs: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no data within ${timeoutMs} ms`)), timeoutMs);
  });
  return Promise.race([reader.read(), late])
    .catch((cause) => {
      throw new HeadwayUnreachable(`the stream failed: ${cause.message}`, { cause });
    })
    .finally(() => clearTimeout(timer));
}

const defaultSleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
