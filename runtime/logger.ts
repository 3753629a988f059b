/**
 * Purpose: structured logs to standard error, one JSON object a line, or readable lines on a terminal.
 * Invariants: standard output stays free for results; fields named like secrets are redacted.
 * Fails: an unknown level is refused by the settings schema before it gets here.
 */
import pino from 'pino';

export type Logger = pino.Logger;

const REDACTED = [
  '*.authorization',
  '*.headers.authorization',
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

export function createLogger(options: { level: string; pretty: boolean }): Logger {
  const base = { level: options.level, redact: REDACTED };
  if (!options.pretty) return pino(base, pino.destination({ dest: 2, sync: true }));
  const transport = {
    target: 'pino-pretty',
    options: { destination: 2, colorize: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' },
  };
  return pino({ ...base, transport });
}

/** A logger that says nothing, for tests and for callers that only want results. */
export const silentLogger: Logger = pino({ level: 'silent' });
