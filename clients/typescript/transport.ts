/**
 * Purpose: how the generated client talks HTTP, on fetch alone: time-outs, retries that honour
 * Retry-After, ETags, problems, lines of NDJSON. Copy it with the two generated files into a
 * program of your own: they import nothing else.
 * Invariants: 429, 503 and what fails before an answer is tried again, which is safe: posts of
 * forecasts change nothing, and actuals sent twice are kept once. A wait is never longer than
 * `maxWaitMs`, and never shorter than Retry-After. An answer that is known by its ETag is not
 * sent again.
 * Fails: HeadwayProblem with the problem the service sent; HeadwayUnreachable where it sent none,
 * or stopped in the middle.
 */
import type { Problem } from './headway-types.ts';

export interface TransportOptions {
  readonly baseUrl: string;
  /** Sent with every request, for example an API key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For an answer to begin and end; of a stream, between two pieces. 10 seconds without it. */
  readonly timeoutMs?: number;
  /** Attempts after the first; 3 without it. */
  readonly retries?: number;
  /** Where the service asks for a longer wait, the problem is thrown. 30 seconds without it. */
  readonly maxWaitMs?: number;
  /** Answers that are kept with their ETag; 200 without it, 0 keeps none. */
  readonly cachedResponses?: number;
  /** For tests: in place of the global ones. */
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** Names the request in the log of the service. */
  readonly requestId?: string;
  readonly timeoutMs?: number;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface Transport {
  json<Answer>(call: Call, options?: RequestOptions): Promise<Answer>;
  lines<Line>(call: Call, options?: RequestOptions): AsyncGenerator<Line, void>;
}

/**
 * The service said no, and why. `code` never changes its meaning; `problem.fix` says what to do.
 */
export class HeadwayProblem extends Error {
  readonly problem: Problem;
  readonly code: Problem['code'];
  readonly status: number;
  readonly retryAfterSeconds: number | null;

  constructor(problem: Problem, retryAfterSeconds: number | null) {
    super(`${problem.code}: ${problem.detail}`);
    this.name = 'HeadwayProblem';
    this.problem = problem;
    this.code = problem.code;
    this.status = problem.status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** No answer, half of one, or none of this service. */
export class HeadwayUnreachable extends Error {
  constructor(what: string, cause?: unknown) {
    super(what, { cause });
    this.name = 'HeadwayUnreachable';
  }
}

export function createTransport(options: TransportOptions): Transport {
  const {
    baseUrl,
    timeoutMs = 10_000,
    retries = 3,
    maxWaitMs = 30_000,
    cachedResponses = 200,
  } = options;
  const { fetch: send = fetch, sleep = pause } = options;
  const root = baseUrl.replace(/\/+$/, '');
  /** URL → what it answered last; the oldest goes first. */
  const kept = new Map<string, { readonly etag: string; readonly text: string }>();

  function keep(url: string, etag: string | null, text: string): void {
    kept.delete(url);
    if (etag === null || cachedResponses === 0) return;
    kept.set(url, { etag, text });
    if (kept.size > cachedResponses) kept.delete(kept.keys().next().value as string);
  }

  /** Hands an answer of 2xx or 304 to `read`, again and again where that is allowed. */
  async function attempt<T>(
    call: Call,
    asked: RequestOptions,
    headers: Headers,
    read: (r: Response, watch: Watch) => Promise<T>,
  ): Promise<T> {
    for (let failed = 0; ; failed++) {
      const watch = watchdog(asked.timeoutMs ?? timeoutMs, asked.signal);
      let error: HeadwayProblem | HeadwayUnreachable;
      try {
        const response = await send(urlOf(root, call), {
          method: call.method,
          headers,
          signal: watch.signal,
          ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        });
        if (response.ok || response.status === 304) return await read(response, watch);
        error = await problemOf(response);
      } catch (cause) {
        asked.signal?.throwIfAborted();
        if (cause instanceof HeadwayProblem) throw cause;
        error =
          cause instanceof HeadwayUnreachable
            ? cause
            : new HeadwayUnreachable(`${call.method} ${call.path}: ${reasonOf(cause)}`, cause);
      } finally {
        watch.stop();
      }
      const waitMs = waitFor(error, failed);
      if (failed >= retries || waitMs === null || waitMs > maxWaitMs) throw error;
      await sleep(waitMs, asked.signal);
    }
  }

  const headersOf = (call: Call, asked: RequestOptions, accept: string): Headers => {
    const headers = new Headers({ accept, ...options.headers });
    if (call.body !== undefined) headers.set('content-type', 'application/json');
    if (asked.requestId !== undefined) headers.set('x-request-id', asked.requestId);
    for (const [name, value] of Object.entries(call.headers ?? {}))
      if (value !== undefined) headers.set(name, value);
    return headers;
  };

  return {
    async json<Answer>(call: Call, asked: RequestOptions = {}): Promise<Answer> {
      const url = urlOf(root, call);
      const headers = headersOf(call, asked, 'application/json');
      const before = call.method === 'GET' ? kept.get(url) : undefined;
      if (before) headers.set('if-none-match', before.etag);
      return attempt(call, asked, headers, async (response) => {
        const text = response.status === 304 && before ? before.text : await response.text();
        const answer = parsed(text, call) as Answer;
        if (call.method === 'GET') keep(url, response.headers.get('etag'), text);
        return answer;
      });
    },

    /**
     * The first attempt that begins to answer is read to its end: half a stream is not begun again.
     */
    async *lines<Line>(call: Call, asked: RequestOptions = {}): AsyncGenerator<Line, void> {
      const open = await attempt(
        call,
        asked,
        headersOf(call, asked, 'application/x-ndjson'),
        async (response, watch) => {
          watch.keep();
          return { body: response.body as ReadableStream<Uint8Array>, watch };
        },
      );
      const reader = open.body.getReader();
      try {
        const decoder = new TextDecoder('utf-8', { fatal: true });
        let rest = '';
        for (;;) {
          open.watch.again();
          const { done, value } = await reader.read().catch((cause: unknown) => {
            asked.signal?.throwIfAborted();
            throw new HeadwayUnreachable(
              `${call.path}: the stream broke off: ${reasonOf(cause)}`,
              cause,
            );
          });
          if (done) break;
          // A reader of these lines may take its time: only the wait for the next piece is watched.
          open.watch.pause();
          const pieces = (rest + decoder.decode(value, { stream: true })).split('\n');
          rest = pieces.pop() as string;
          for (const line of pieces) yield parsed(line, call) as Line;
        }
        if (rest !== '')
          throw new HeadwayUnreachable(`${call.path}: the stream ended in the middle of a line`);
      } finally {
        open.watch.stop();
        await reader.cancel().catch(() => {});
      }
    },
  };

  function waitFor(error: HeadwayProblem | HeadwayUnreachable, failed: number): number | null {
    if (error instanceof HeadwayProblem && error.status !== 429 && error.status !== 503)
      return null;
    const told = error instanceof HeadwayProblem ? error.retryAfterSeconds : null;
    // Up to half as long again, so that clients that were refused together do not come back
    // together.
    return (told === null ? 250 * 2 ** failed : 1000 * told) * (1 + Math.random() / 2);
  }
}

function urlOf(root: string, { path, query = {} }: Call): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) asked.set(name, String(value));
  return `${root}${path}${asked.size > 0 ? `?${asked}` : ''}`;
}

async function problemOf(response: Response): Promise<HeadwayProblem | HeadwayUnreachable> {
  const text = await response.text();
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
  if (!isProblem)
    return new HeadwayUnreachable(`HTTP ${response.status} from something that is not Headway`);
  const after = response.headers.get('retry-after');
  const seconds =
    after === null
      ? Number.NaN
      : /^\d+$/.test(after)
        ? Number(after)
        : (Date.parse(after) - Date.now()) / 1000;
  return new HeadwayProblem(
    JSON.parse(text) as Problem,
    Number.isFinite(seconds) ? Math.max(0, seconds) : null,
  );
}

function parsed(text: string, call: Call): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HeadwayUnreachable(`${call.path}: the answer is no JSON`, cause);
  }
}

const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
};

type Watch = ReturnType<typeof watchdog>;

/** Aborts when nothing happened for so long, or when the caller does. */
function watchdog(timeoutMs: number, caller: AbortSignal | undefined) {
  const own = new AbortController();
  const late = () => own.abort(new HeadwayUnreachable(`no answer within ${timeoutMs} ms`));
  let timer = setTimeout(late, timeoutMs);
  let isKept = false;
  return {
    signal: caller ? AbortSignal.any([own.signal, caller]) : own.signal,
    pause: () => clearTimeout(timer),
    again() {
      clearTimeout(timer);
      timer = setTimeout(late, timeoutMs);
    },
    /** The answer is read after the attempt has ended. */
    keep() {
      isKept = true;
    },
    stop() {
      if (isKept) isKept = false;
      else clearTimeout(timer);
    },
  };
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
