/**
 * Purpose: structured logs to standard error, one JSON object a line, or readable lines on a
 * terminal.
 * Invariants: standard output stays free for results, unless a caller without results sets it;
 * fields named like secrets are redacted. A log that cannot be written, such as on a full disk,
 * never ends the process: lines are dropped and counted, and one line reports how many.
 * Fails: never; the settings schema refuses an unknown level.
 */
import pino from 'pino';
import { printable } from '../text/printable.ts';
import {
  type LogDestination,
  type LogDestinationOptions,
  openLogDestination,
} from './log-destination.ts';

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

export interface LoggerOptions extends Pick<LogDestinationOptions, 'writeBytes'> {
  readonly level: string;
  readonly pretty: boolean;
  /**
   * For a process that logs every request: the lines of a few milliseconds are written together.
   * Errors are written at once.
   */
  readonly isBusy?: boolean;
  /** Default: standard error. */
  readonly to?: 'stdout' | 'stderr';
  /** Fields of every line. */
  readonly context?: () => object;
}

export function createLogger({
  level,
  pretty,
  isBusy = false,
  to = 'stderr',
  context,
  ...writing
}: LoggerOptions): Logger {
  const base = { level, redact: REDACTED, ...(context ? { mixin: context } : {}) };
  if (!pretty) {
    const destination = openLogDestination({
      ...writing,
      fd: to === 'stdout' ? 1 : 2,
      onRecovered: (dropped) =>
        logger.error({ dropped }, 'log lines were dropped while the log could not be written'),
    });
    const logger = pino(base, isBusy ? bufferedDestination(destination) : destination);
    return logger;
  }
  const transport = pino.transport({
    target: 'pino-pretty',
    options: {
      destination: 2,
      colorize: true,
      ignore: 'pid,hostname',
      translateTime: 'SYS:HH:MM:ss',
    },
  });
  // A closed terminal takes no more lines.
  transport.on('error', () => {});
  // JSON escapes control characters; lines for people hold the message as it is.
  function logMethod(this: Logger, given: Parameters<pino.LogFn>, log: pino.LogFn): void {
    const shown = given.map((one) => (typeof one === 'string' ? printable(one) : one));
    log.apply(this, shown as typeof given);
  }
  return pino({ ...base, hooks: { logMethod } }, transport);
}

/** How many lines of this log were dropped because they could not be written. */
export function droppedLines(logger: Logger): number {
  const stream = (logger as Logger & { [pino.symbols.streamSym]?: Partial<LogDestination> })[
    pino.symbols.streamSym
  ];
  return stream?.dropped ?? 0;
}

const ERROR_LEVEL = 50;

/** One write per turn of the event loop costs a busy service a quarter of its time. */
const HELD_MS = 10;

/**
 * Buffers lines for a moment; an error, and the end of the process, write them at once.
 */
export function bufferedDestination(destination: LogDestination): LogDestination {
  let held = '';
  let isDue = false;
  const flush = () => {
    isDue = false;
    if (held === '') return;
    const text = held;
    held = '';
    destination.write(text);
  };
  process.once('exit', flush);
  const stream = {
    // With this mark pino sets `lastLevel` for each line.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      held += line;
      if (stream.lastLevel >= ERROR_LEVEL) flush();
      else if (!isDue) {
        isDue = true;
        setTimeout(flush, HELD_MS).unref();
      }
    },
    get dropped() {
      return destination.dropped;
    },
  };
  return stream;
}

/** A logger without output, for tests and for callers that need results only. */
export const silentLogger: Logger = pino({ level: 'silent' });
