/**
 * Purpose: one policy for uncaught errors, set by the entry.
 * Invariants: a service continues where the machine lacks a resource (file descriptors, disk
 * space), and logs it; any other error ends the process with the exit status of its code. Process
 * handlers of libraries are removed.
 * Fails: never.
 */
import { describeError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';

const SHORTAGES = ['EMFILE', 'ENFILE', 'ENOSPC', 'EDQUOT', 'EPIPE'];

export interface UncaughtErrorPolicy {
  /** The log of a service; null: a command, which every uncaught error ends. */
  readonly logger: Logger | null;
  /** Reports the error that ends the process; returns the exit status. */
  readonly fail: (error: unknown) => number;
}

/** Also for unhandled rejections: Node raises them as uncaught exceptions. */
export function handleUncaughtErrors({ logger, fail }: UncaughtErrorPolicy): void {
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    if (logger && SHORTAGES.includes(error.code ?? '')) {
      logger.error({ err: error }, 'uncaught error; the service continues');
      return;
    }
    logger?.fatal({ err: error }, describeError(error));
    process.exit(fail(error));
  });
}

const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

/** Loads a library, and removes the handlers that it adds for the whole process. */
export async function withoutProcessHandlers<Loaded>(load: () => Promise<Loaded>): Promise<Loaded> {
  const before = new Map(EVENTS.map((event) => [event, handlersOf(event)]));
  try {
    return await load();
  } finally {
    for (const event of EVENTS)
      for (const handler of handlersOf(event))
        if (!before.get(event)?.includes(handler)) process.off(event, handler);
  }
}

type Handler = (...given: unknown[]) => void;

const handlersOf = (event: (typeof EVENTS)[number]): Handler[] =>
  process.rawListeners(event) as Handler[];
