/**
 * Purpose: runs a `headway` command in a child process. Training blocks the event loop and its
 * memory never shrinks (docs/decisions/0004), so a process that serves or schedules does not train.
 * Invariants: the child runs the same entry with the same Node and loader; its output reaches the
 * log line by line; an aborted signal ends it with SIGTERM, later SIGKILL; it ends with its parent.
 * Fails: with the error code and last line that the child printed, else INTERNAL with its exit
 * status; where it was aborted, with the coded reason of the signal.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ERROR_CODES, type ErrorCode, HeadwayError, isHeadwayError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface ChildJobOptions {
  /** The subcommand and its flags: ['features', 'run']. */
  readonly args: readonly string[];
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  /** The script to run; default: that of this process. */
  readonly entry?: string;
  /** Flags of Node, above all the TypeScript loader; default: those of this process. */
  readonly execArgv?: readonly string[];
  /** Variables to add to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * 'log' (default): line by line into the logger; 'inherit': to the terminal of this process, with
   * progress bars.
   */
  readonly output?: 'log' | 'inherit';
  /** Time to end after SIGTERM. */
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
  if (signal?.aborted) throw aborted(name, signal);
  const entry = options.entry ?? process.argv[1];
  if (entry === undefined)
    throw new HeadwayError('INTERNAL', 'this process has no script that could run a job');
  const child = spawn(
    process.execPath,
    [...(options.execArgv ?? process.execArgv), entry, ...args],
    {
      stdio: output === 'inherit' ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    },
  );
  let lastLine = '';
  const forwarded = [child.stdout, child.stderr].map((stream) =>
    // Undefined where there was no file descriptor left for the child.
    stream ? forward(stream, logger, name, (line) => (lastLine = line)) : undefined,
  );
  const unbind = bindToSignals(child, signal, killAfterMs);
  try {
    const { code, killedBy } = await exitOf(child, name);
    await Promise.all(forwarded);
    if (code === 0) return;
    if (signal?.aborted) throw aborted(name, signal);
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
 * Writes lines into the log; log lines of the child keep their level and fields. Resolves at the
 * end of the stream.
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

/** Ends the child when the signal aborts or this process exits. @returns removes the listeners */
function bindToSignals(
  child: ChildProcess,
  signal: AbortSignal | undefined,
  killAfterMs: number,
): () => void {
  let killer: NodeJS.Timeout | undefined;
  const terminate = () => {
    child.kill('SIGTERM');
    killer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  };
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', terminate, { once: true });
  process.once('exit', kill);
  return () => {
    clearTimeout(killer);
    signal?.removeEventListener('abort', terminate);
    process.removeListener('exit', kill);
  };
}

function aborted(name: string, { reason }: AbortSignal): HeadwayError {
  const what = `"${name}" was stopped`;
  if (isHeadwayError(reason)) {
    const { code, message, where, fix } = reason;
    return new HeadwayError(code, `${what}: ${message}`, {
      ...(where === undefined ? {} : { where }),
      ...(fix === undefined ? {} : { fix }),
    });
  }
  const isLate = (reason as Error | undefined)?.name === 'TimeoutError';
  if (!isLate) return new HeadwayError('INTERNAL', what);
  return new HeadwayError('INTERNAL', `${what}: it took longer than its time limit`, {
    fix: 'Raise HEADWAY_JOB_MINUTES.',
  });
}

function failure(
  name: string,
  code: number | null,
  killedBy: NodeJS.Signals | null,
  lastLine: string,
): HeadwayError {
  const [, word, rest] = /^([A-Z_]+): (.+)$/.exec(lastLine) ?? [];
  const known = word !== undefined && word in ERROR_CODES ? (word as ErrorCode) : null;
  const how = killedBy === null ? `exit status ${code}` : `signal ${killedBy}`;
  const detail = known === null ? lastLine : rest;
  return new HeadwayError(
    known ?? (code === 6 ? 'RUN_IN_PROGRESS' : 'INTERNAL'),
    `"${name}" ended with ${how}${detail ? `: ${detail}` : ''}`,
    {
      ...(killedBy === 'SIGKILL'
        ? { fix: 'If nobody killed it, it may have run out of memory: give it more.' }
        : {}),
    },
  );
}
