/**
 * Purpose: DuckDB for one task: an in-memory engine with a memory cap that is always
 * closed again.
 * Invariants: no state outlives `withDuckDB`; spill files stay in `tempFolder`; nothing is
 * downloaded or installed.
 * Fails: STORE_FULL where the disk is full, SETTINGS_INVALID where the memory limit is too small;
 * any other error of the engine passes unchanged, for the caller knows which file it was reading.
 */
import { resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { HeadwayError, isHeadwayError } from '../errors.ts';

export interface DuckDBOptions {
  readonly memoryLimitMb?: number;
  readonly threads?: number;
  /** Where it may spill what does not fit in memory. */
  readonly tempFolder?: string;
}

const DISK_FULL = /no space left|ENOSPC|disk full|max_temp_directory_size|disk quota/i;
const MEMORY_FULL = /out of memory/i;

export const withDuckDB = <T>(
  options: DuckDBOptions,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> => withLazyDuckDB(options, async (open) => work(await open()));

/** The engine is opened when `work` first asks for it. */
export async function withLazyDuckDB<T>(
  options: DuckDBOptions,
  work: (open: () => Promise<DuckDBConnection>) => Promise<T>,
): Promise<T> {
  let engine: ReturnType<typeof openEngine> | null = null;
  const open = async () => {
    engine ??= openEngine(options);
    return (await engine).connection;
  };
  try {
    return await work(open);
  } catch (error) {
    throw engineFailure(error, options);
  } finally {
    await (engine as ReturnType<typeof openEngine> | null)?.then(
      ({ close }) => close(),
      () => undefined,
    );
  }
}

async function openEngine(
  options: DuckDBOptions,
): Promise<{ connection: DuckDBConnection; close: () => void }> {
  const config: Record<string, string> = {
    memory_limit: `${options.memoryLimitMb ?? 512}MB`,
    threads: String(options.threads ?? 2),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  };
  if (options.tempFolder) config.temp_directory = resolve(options.tempFolder);
  const instance = await DuckDBInstance.create(':memory:', config);
  try {
    const connection = await instance.connect();
    return {
      connection,
      close() {
        connection.closeSync();
        instance.closeSync();
      },
    };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

/**
 * The engine's own words. By shape, for the engine's errors may come from another realm than this
 * module.
 */
export const engineMessage = (error: unknown): string =>
  (error as { message?: string } | null)?.message ?? String(error);

/**
 * A failure of the engine as a coded error, where it is one that its user can do something about;
 * else as it is.
 */
export function engineFailure(error: unknown, options: DuckDBOptions): unknown {
  if (isHeadwayError(error)) return error;
  const message = engineMessage(error);
  // Disk before memory: DuckDB reports a full spill folder as "out of memory …
  // max_temp_directory_size".
  if (DISK_FULL.test(message)) {
    return new HeadwayError('STORE_FULL', 'the disk is full', {
      ...(options.tempFolder ? { where: options.tempFolder } : {}),
      fix: 'Free some space and run again; nothing was committed.',
      cause: error,
    });
  }
  if (MEMORY_FULL.test(message)) {
    return new HeadwayError(
      'SETTINGS_INVALID',
      `${options.memoryLimitMb ?? 512} MB of memory are too few for this work`,
      {
        fix: 'Raise the memory limit and run again; nothing was committed.',
        cause: error,
      },
    );
  }
  return error;
}

/**
 * Rows as objects of plain JSON values; 64-bit integers come as text. For results of a few thousand
 * rows.
 */
export async function rowsOf(
  connection: DuckDBConnection,
  sql: string,
): Promise<Record<string, unknown>[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowObjectsJson() as Record<string, unknown>[];
}

/** Rows as arrays of plain JSON values, chunk by chunk: for results of any length. */
export async function* rowArraysOf(
  connection: DuckDBConnection,
  sql: string,
): AsyncGenerator<readonly unknown[]> {
  const result = await connection.stream(sql);
  for await (const rows of result.yieldRowsJson()) yield* rows;
}
