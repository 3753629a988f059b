/**
 * Purpose: an SQL session over one raw part, in which what is wrong with its file is told as that.
 * Invariants: memory and threads are capped, DuckDB spills; mistakes of ours or of the domain pass
 * as they are.
 * Fails: RAW_FILE_INVALID naming the part.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { RawPart } from '../../../domains/domain.ts';
import { engineFailure, engineMessage, withDuckDB } from '../../../platform/duckdb/duckdb.ts';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';

export interface RawSessionOptions {
  readonly part: RawPart;
  readonly tempFolder: string;
  readonly memoryLimitMb: number;
  /** A session over the part that is open already: opening one costs as much as a small part. */
  readonly connection?: DuckDBConnection;
}

export async function withRawPart<T>(
  { part, tempFolder, memoryLimitMb, connection }: RawSessionOptions,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const options = { memoryLimitMb, tempFolder, threads: 2 };
  try {
    return await (connection === undefined ? withDuckDB(options, work) : work(connection));
  } catch (failure) {
    const error = engineFailure(failure, options);
    const message = engineMessage(error);
    // A statement that does not bind is a mistake of the domain or ours; anything else came out of
    // the file.
    if (isHeadwayError(error) || /^(Binder|Parser|Catalog|INTERNAL) Error/.test(message))
      throw error;
    throw new HeadwayError(
      'RAW_FILE_INVALID',
      `${part.name} cannot be read: ${message.split('\n')[0]}`,
      {
        where: part.name,
        fix: 'The file is cut short or not of this format: fetch it again.',
        cause: error,
      },
    );
  }
}
