/**
 * Purpose: open every new raw part, look at its columns, aggregate it.
 * Invariants: if parts are bad, all of them are read before the run fails; a part without the
 * columns that its domain declares is not read further: the contract refuses it, with its columns
 * as evidence.
 * Fails: RAW_FILE_INVALID naming every bad file, SOURCE_*.
 */
import { join } from 'node:path';
import type { Domain, RawPart, RawRows } from '../../../domains/domain.ts';
import { withDuckDB } from '../../../platform/duckdb/duckdb.ts';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import type { Progress } from '../../../platform/progress.ts';
import { isExogenous } from '../../../storage/features/manifest.ts';
import { embeddedEngine, type PartEngine } from '../aggregation/aggregate.ts';
import { hasReadableColumns } from '../contract/contract.ts';
import type { ReadPart } from '../contract/part-checks.ts';
import { readerOf } from './exogenous-parts.ts';
import {
  columnsOf,
  firstRows,
  type ProfileOptions,
  type RowSample,
  sampleRows,
  unusableFiles,
} from './raw-part.ts';

/** Evidence shows rows of this many parts at most. */
const MAX_SAMPLED = 3;

export interface OpenedPart extends ReadPart {
  readonly part: RawPart;
  readonly profile: ProfileOptions;
}

export interface ReadPartsOptions {
  readonly domain: Domain;
  readonly parts: readonly RawPart[];
  readonly progress: Progress;
  readonly folder: string;
  readonly availableAt: number;
  readonly memoryLimitMb: number;
  /** Also read parts that lack declared columns: somebody accepted them. */
  readonly isAccepted: boolean;
  /** What reads the rows of demand. */
  readonly engine: PartEngine;
}

export async function readParts(options: ReadPartsOptions): Promise<OpenedPart[]> {
  const { parts, progress } = options;
  const done: OpenedPart[] = [];
  const bad: HeadwayError[] = [];
  progress.start('Building features', parts.length);
  try {
    for (const [index, part] of parts.entries()) {
      progress.update(index, part.name);
      try {
        const read = readPart(options, part, index);
        // Also if reading failed: a file that is being written looks truncated.
        done.push(await read.finally(() => part.verifyUnchanged?.()));
      } catch (error) {
        if (!isHeadwayError(error, 'RAW_FILE_INVALID')) throw error;
        bad.push(error);
      }
    }
  } finally {
    progress.stop(`${done.length} parts`);
  }
  if (bad.length === 1) throw bad[0];
  if (bad.length > 1) {
    throw new HeadwayError(
      'RAW_FILE_INVALID',
      `${bad.length} files are bad: ${bad.map((error) => error.message).join('; ')}`,
      {
        where: bad.map((error) => error.where ?? '').join(', '),
        fix: 'Fix or remove these files and run again; nothing was committed.',
        cause: bad[0],
      },
    );
  }
  return done;
}

async function readPart(
  options: ReadPartsOptions,
  part: RawPart,
  index: number,
): Promise<OpenedPart> {
  const { domain, folder, availableAt, memoryLimitMb, isAccepted } = options;
  const rows: RawRows = await part.open();
  const path = join(folder, `part-${index}.parquet`);
  const tempFolder = join(folder, 'spill');
  const reader = readerOf(domain, part);
  const engine = isExogenous(part) ? embeddedEngine : options.engine;
  const profile = { domain: reader, part, rows, tempFolder, memoryLimitMb };
  return withDuckDB(
    { memoryLimitMb, tempFolder, threads: 2 },
    async (connection): Promise<OpenedPart> => {
      const open = { ...profile, connection };
      const columns = await columnsOf(open);
      const isReadable = isAccepted || isExogenous(part) || hasReadableColumns(domain, columns);
      if (!isReadable)
        return { part, profile, columns, outside: [], unusableFiles: [], made: null };
      const made = await engine.aggregate({
        ...open,
        gridTimeZone: domain.timeZone,
        path,
        availableAt,
      });
      const outside = await engine.countOutside(open);
      return {
        part,
        profile,
        columns,
        outside,
        unusableFiles: await unusableFiles(open, made.rowsIn - made.rowsUsed),
        made,
      };
    },
  );
}

/**
 * Rows of the parts at fault, for the evidence. A file whose rows cannot be sampled has none here:
 * that must not hide the original fault.
 */
export async function samplesOf(parts: readonly OpenedPart[]): Promise<RowSample[]> {
  const samples: RowSample[] = [];
  for (const { profile, made } of parts.slice(0, MAX_SAMPLED)) {
    const found = made === null ? firstRows(profile) : sampleRows(profile);
    samples.push(...(await found.catch(() => [])));
  }
  return samples;
}
