/**
 * Purpose: runs a `headway` subcommand in a process of its own. Training blocks the event loop and
 * its memory never shrinks (docs/decisions/0004), so a process that serves or schedules must not
 * train itself.
 * Invariants: the child runs the same entry with the same Node and the same loader; its output
 * reaches the log line by line; when the signal aborts it is asked to end (SIGTERM) and then made
 * to (SIGKILL); it does not outlive a parent that exits.
 * Fails: with the child's own error code and last line where it printed one, else INTERNAL with its
 * exit status.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ERROR_CODES, type ErrorCode, HeadwayError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface ChildJobOptions {
  /** The subcommand and its flags: ['features', 'run']. */
  readonly args: readonly string[];
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  /** The script to run; this process's own unless told. */
  readonly entry?: string;
  /** Node's own flags, above all the TypeScript loader; this process's own unless told. */
  readonly execArgv?: readonly string[];
  /** Variables to add to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * 'log' (unless told): line by line into the logger; 'inherit': straight to this process's
   * terminal, progress bars and all.
   */
  readonly output?: 'log' | 'inherit';
  /** How long the child may take to end after SIGTERM. */
  readonly killAfterMs?: number;
}

const PINO_LEVELS: Record<number, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

export async function runChildJob(options: ChildJobOptions): Promise<void> {
  const { args, logger, signal, output = 'log', killAfterMs = 10_000 } = options;
  const name = args.filter((arg) => !arg.startsWith('-')).join(' ');
  if (signal?.aborted) throw aborted(name);
  const entry = options.entry ?? process.argv[1];
  if (entry === undefined)
    throw new HeadwayError('INTERNAL', 'this process has no script to run a job with');
  const child = spawn(
    process.execPath,
    [...(options.execArgv ?? process.execArgv), entry, ...args],
    {
      stdio: output === 'inherit' ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    },
  );
  let lastLine = '';
  const heard = [child.stdout, child.stderr].map((stream) =>
    // Undefined where there was no descriptor left to start the child with.
    stream ? forward(stream, logger, name, (line) => (lastLine = line)) : undefined,
  );
  const unbind = bindToSignals(child, signal, killAfterMs);
  try {
    const { code, killedBy } = await exitOf(child, name);
    await Promise.all(heard);
    if (code === 0) return;
    if (signal?.aborted) throw aborted(name);
    throw failure(name, code, killedBy, lastLine);
  } finally {
    unbind();
  }
}

function exitOf(
  child: ChildProcess,
  name: string,
): Promise<{ code: number | null; killedBy: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code, killedBy) => resolve({ code, killedBy }));
    child.once('error', (cause) => {
      reject(
        new HeadwayError('INTERNAL', `"${name}" could not be started: ${cause.message}`, { cause }),
      );
    });
  });
}

/**
 * Lines into the log; those that already are log lines keep their level and fields. Resolves at the
 * stream's end.
 */
async function forward(
  stream: Readable,
  logger: Logger,
  name: string,
  onText: (line: string) => void,
): Promise<void> {
  for await (const line of createInterface({ input: stream })) {
    if (line.trim() === '') continue;
    const entry = logEntry(line);
    if (entry === null) {
      onText(line.trim());
      logger.info({ job: name }, line);
      continue;
    }
    const { level, msg, time: _time, pid: _pid, hostname: _hostname, ...fields } = entry;
    if (Number(level) >= 50) onText(String(msg ?? ''));
    logger[PINO_LEVELS[Number(level)] ?? 'info']({ ...fields, job: name }, String(msg ?? ''));
  }
}

function logEntry(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{"level":')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** Ends the child when the signal aborts or this process exits. Returns what undoes the binding. */
function bindToSignals(
  child: ChildProcess,
  signal: AbortSignal | undefined,
  killAfterMs: number,
): () => void {
  let killer: NodeJS.Timeout | undefined;
  const askToEnd = () => {
    child.kill('SIGTERM');
    killer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  };
  const endNow = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', askToEnd, { once: true });
  process.once('exit', endNow);
  return () => {
    clearTimeout(killer);
    signal?.removeEventListener('abort', askToEnd);
    process.removeListener('exit', endNow);
  };
}

const aborted = (name: string) => new HeadwayError('INTERNAL', `"${name}" was told to stop`);

function failure(
  name: string,
  code: number | null,
  killedBy: NodeJS.Signals | null,
  lastLine: string,
): HeadwayError {
  const [, word, rest] = /^([A-Z_]+): (.+)$/.exec(lastLine) ?? [];
  const known = word !== undefined && word in ERROR_CODES ? (word as ErrorCode) : null;
  const how = killedBy === null ? `exit status ${code}` : `signal ${killedBy}`;
  const said = known === null ? lastLine : rest;
  return new HeadwayError(
    known ?? (code === 6 ? 'RUN_IN_PROGRESS' : 'INTERNAL'),
    `"${name}" ended with ${how}${said ? `: ${said}` : ''}`,
    {
      ...(killedBy === 'SIGKILL'
        ? { fix: 'If nobody killed it, it may have run out of memory: give it more.' }
        : {}),
    },
  );
}
