/**
 * Purpose: what is logged of requests: one line an answer, and a logger for each request that is
 * made only where something is to be said.
 * Invariants: a line has the id, method, route pattern, status and milliseconds of its request, and
 * no payload.
 * Fails: never.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Logger } from '../../../platform/telemetry/logger.ts';

/**
 * The methods of a logger; the first call of one makes the child that knows the id. Most requests
 * never call one.
 */
class LazyLogger {
  readonly #parent: Logger;
  readonly #bindings: Record<string, unknown>;
  #child: Logger | null = null;

  constructor(parent: Logger, bindings: Record<string, unknown>) {
    this.#parent = parent;
    this.#bindings = bindings;
  }

  get #logger(): Logger {
    this.#child ??= this.#parent.child(this.#bindings);
    return this.#child;
  }
  get level(): string {
    return this.#parent.level;
  }
  child(...given: Parameters<Logger['child']>) {
    return this.#logger.child(...given);
  }
  trace(...given: [never]): void {
    this.#logger.trace(...given);
  }
  debug(...given: [never]): void {
    this.#logger.debug(...given);
  }
  info(...given: [never]): void {
    this.#logger.info(...given);
  }
  warn(...given: [never]): void {
    this.#logger.warn(...given);
  }
  error(...given: [never]): void {
    this.#logger.error(...given);
  }
  fatal(...given: [never]): void {
    this.#logger.fatal(...given);
  }
  silent(): void {}
}

/** For Fastify, which wants a logger for every request. */
export const lazyLogger = (
  logger: FastifyBaseLogger,
  bindings: Record<string, unknown>,
): FastifyBaseLogger => new LazyLogger(logger as Logger, bindings) as unknown as FastifyBaseLogger;

export interface CompletedRequest {
  readonly reqId: string;
  readonly method: string;
  /** The pattern, never the path. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  /** The id of the API key, and of the trace, where there is one. */
  readonly key?: string;
  readonly trace?: string;
}

/**
 * The lines of answers. Nothing in them could be a secret, so they are not searched for one, which
 * costs more than writing them.
 */
export function requestLog(
  logger: Logger,
): (level: 'info' | 'debug', answered: CompletedRequest) => void {
  const plain = logger.child({}, { redact: [] });
  return (level, answered) => {
    if (plain.isLevelEnabled(level)) plain[level](answered, 'request completed');
  };
}
