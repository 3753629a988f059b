/**
 * Purpose: structured logs to standard error, one JSON object a line, or readable lines on a terminal.
 * Invariants: standard output stays free for results, unless a caller that has none asks for it; fields named like secrets are redacted.
 * Fails: an unknown level is refused by the settings schema before it gets here.
 */
import pino from 'pino';

export type Logger = pino.Logger;

const REDACTED = [
  '*.authorization',
  '*.password',
  '*.secret',
  '*.token',
  '*.apiKey',
  'authorization',
  'password',
  'secret',
  'token',
  'apiKey',
];

export interface LoggerOptions {
  readonly level: string;
  readonly pretty: boolean;
  /** Default: standard error. */
  readonly to?: 'stdout' | 'stderr';
  /** What every line says besides. */
  readonly context?: () => object;
}

export function createLogger({ level, pretty, to = 'stderr', context }: LoggerOptions): Logger {
  const base = { level, redact: REDACTED, ...(context ? { mixin: context } : {}) };
  if (!pretty) return pino(base, pino.destination({ dest: to === 'stdout' ? 1 : 2, sync: true }));
  const transport = {
    target: 'pino-pretty',
    options: { destination: 2, colorize: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' },
  };
  return pino({ ...base, transport });
}

/** A logger that says nothing, for tests and for callers that only want results. */
export const silentLogger: Logger = pino({ level: 'silent' });
