/**
 * Purpose: the files that somebody names: a file, a folder, or a URL that is fetched.
 * Invariants: names of files are relative to the folder.
 * Fails: SOURCE_INVALID for an archive or a workbook of another format, SOURCE_*.
 */
import { join } from 'node:path';
import { fetchTable } from '../../../domains/sources/remote-table.ts';
import { isRemote, namesIn } from '../../../domains/sources/table.ts';
import { TABLE_FILE } from '../../../domains/sources/table-declaration.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { sourceFiles } from '../../../platform/files/source-files.ts';
import type { CommandContext } from '../../context.ts';

export interface Data {
  /** The local file or folder. */
  readonly spec: string;
  readonly paths: readonly string[];
  readonly nameOf: (path: string) => string;
  readonly rawFolder: string;
  readonly defaultTimeZone: string;
}

export async function dataOf(context: CommandContext, from: string, name: string): Promise<Data> {
  const { settings, logger } = context;
  const rawFolder = join(settings.work, 'raw', name);
  if (/\.(xls|xlsb|ods|numbers)$/i.test(from)) {
    throw new HeadwayError('SOURCE_INVALID', 'workbooks can be read as .xlsx only', {
      where: from,
      fix: 'Save it as .xlsx, or the sheet as CSV (UTF-8), and give that file.',
    });
  }
  if (/\.(zip|7z|rar|tar|tgz)$/i.test(from)) {
    throw new HeadwayError('SOURCE_INVALID', 'an archive cannot be read', {
      where: from,
      fix: 'Extract it, and give the file or the folder.',
    });
  }
  const spec = isRemote(from) ? await fetchTable(from, { rawFolder, logger }) : from;
  const { isFolder, nameOf } = await namesIn(spec);
  const paths = await sourceFiles(spec, {
    noun: 'table',
    isWanted: (file) => !isFolder || TABLE_FILE.test(file),
    fix: 'Give a file or a folder with .csv, .tsv, .parquet, .jsonl or .xlsx.',
    isNested: true,
    logger,
  });
  const defaultTimeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return { spec, paths, nameOf, rawFolder, defaultTimeZone };
}
