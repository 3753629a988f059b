/**
 * Purpose: a sheet of a workbook (.xlsx) as CSV, so that it is read as every other table is.
 * Invariants: line n of the copy is row n of the sheet. Times are what the cells show, to the
 * second: a workbook knows no time zone. Of a formula its last result is read.
 * Fails: RAW_FILE_INVALID for a file that is not a workbook, SOURCE_INVALID if it is not stated
 * which of several sheets is meant.
 */
import { join } from 'node:path';
import { HeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { derivedFile } from '../../platform/files/derived-file.ts';
import { rawFileError } from '../../platform/files/text-file.ts';

interface Sheet {
  readonly sheet: string;
  readonly data: readonly (readonly unknown[])[];
}

/**
 * @param sheet its name; may be left out where one sheet alone has cells
 * @returns the path of the copy, which is named by content and sheet
 */
export async function csvOfWorkbook(
  path: string,
  { sheet, rawFolder }: { readonly sheet?: string | undefined; readonly rawFolder: string },
): Promise<string> {
  const ending = `${sha256(sheet ?? '').slice(0, 8)}.csv`;
  return derivedFile(path, { folder: join(rawFolder, 'sheets'), ending }, async () => {
    const rows = chosen(path, await sheetsOf(path), sheet);
    return rows.map((row) => `${row.map(cellText).join(',')}\n`).join('');
  });
}

async function sheetsOf(path: string): Promise<Sheet[]> {
  const { default: readWorkbook } = await import('read-excel-file/node');
  try {
    return await readWorkbook(path);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw rawFileError(path, null, `is not a readable workbook (${detail})`, cause);
  }
}

function chosen(path: string, sheets: readonly Sheet[], name: string | undefined): Sheet['data'] {
  const filled = sheets.filter(({ data }) => data.length > 0);
  const found = name === undefined ? filled : filled.filter(({ sheet }) => sheet === name);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.data;
  if (filled.length === 0) throw rawFileError(path, null, 'has no cells');
  const names = filled.map(({ sheet }) => JSON.stringify(sheet)).join(', ');
  const problem =
    name === undefined
      ? `${filled.length} sheets of the workbook have cells`
      : `the workbook has no sheet ${JSON.stringify(name)} with cells`;
  throw new HeadwayError('SOURCE_INVALID', `${problem}: ${names}`, {
    where: path,
    fix: 'Name one: --sheet of headway new-domain, or `sheet` in the definition of the domain.',
  });
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  // A number beyond all calendars is an invalid Date, which has no ISO text.
  if (cell instanceof Date && Number.isFinite(cell.getTime())) return timeText(cell);
  const text = String(cell).replace(/[\r\n]+/g, ' ');
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A time is a number of days: 01:00 may come as 00:59:59.999. */
const timeText = (cell: Date): string =>
  new Date(1000 * Math.round(cell.getTime() / 1000)).toISOString().slice(0, 19).replace('T', ' ');
