/**
 * Purpose: how a text file is written, from its first lines: encoding, what separates the fields,
 * where the header is.
 * Invariants: pure but for reading the file; only the first HEAD_BYTES count.
 * Fails: with the error of the file system; RAW_FILE_INVALID for a table that runs sideways, a
 * column a time.
 */
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { DELIMITERS, type Delimiter, splitLine } from '../../../platform/duckdb/csv-table.ts';
import { isGzip, rawFileError } from '../../../platform/files/text-file.ts';
import { textOfBytes } from '../../../platform/text/text-of-bytes.ts';

const HEAD_BYTES = 262_144;
const HEAD_LINES = 200;
/** A title and a few notes. */
const MAX_SKIPPED = 20;
/** A field that states a time; none of these stands in a header. */
const TIME_LIKE = new RegExp(
  '^\\d{1,4}[-/.]\\d{1,2}[-/.]\\d{1,4}([ T].*)?$|^(19|20)\\d{2}-W?\\d{2}$|' +
    '^1\\d{9}(\\d{3}){0,3}$|^(19|20)\\d{6}$',
);
/** A field of numbers alone: names are not. */
const NUMBER_LIKE = /^[+-]?\d+([.,]\d+)?$/;
const isTimeLike = (field: string): boolean => TIME_LIKE.test(field);
const hasTime = (row: readonly string[]): boolean => row.some(isTimeLike);
const MIN_SIDEWAYS = 3;

export interface TextLook {
  readonly encoding: string | undefined;
  readonly delimiter: Delimiter;
  readonly header: boolean;
  readonly skipLines: number;
  /** The text has control characters: it is of another encoding than was guessed. */
  readonly isOdd: boolean;
}

/**
 * @param name the file as people know it: a workbook is looked at as a copy
 * @param said its encoding, where somebody knows it
 */
export async function lookAtText(path: string, name = path, said?: string): Promise<TextLook> {
  const bytes = await headOf(path);
  const encoding = said ?? encodingOf(bytes);
  const text = textOfBytes(bytes, encoding);
  const lines = text.split(/\r\n|\n|\r/).slice(0, HEAD_LINES);
  // The last line may be cut.
  if (lines.length > 1) lines.pop();
  const { delimiter, width } = delimiterOf(lines);
  const rows = lines.map((line) => splitLine(line, delimiter));
  const first = headAt(rows, width);
  const comments = rows.filter(([field = ''], at) => at < first && field.startsWith('#')).length;
  const skipLines = first - comments > MAX_SKIPPED || first < 0 ? 0 : first;
  const head = rows[skipLines] ?? [];
  const times = head.filter(isTimeLike).length;
  if (times >= MIN_SIDEWAYS && !isTimeLike(head[0] ?? '')) {
    throw rawFileError(
      name,
      skipLines + 1,
      'has a column for each time, but a row for each time is needed',
    );
  }
  const areNumbers = head.length > 1 && head.every((field) => NUMBER_LIKE.test(field));
  // Series may be numbered: then the rows below have times, which the first has not.
  const isData = times > 0 || (areNumbers && !rows.some(hasTime));
  const isOdd = said === undefined && encoding !== undefined && /[\u0080-\u009f]/.test(text);
  return { encoding, delimiter, header: !isData, skipLines, isOdd };
}

/**
 * The row of the header: the first that has the usual number of fields and is filled as far as most
 * rows are. A title may be padded, and a comment may have commas.
 */
function headAt(rows: readonly string[][], width: number): number {
  const lastFilled = (row: string[]) => row.findLastIndex((field) => field.trim() !== '');
  const usual = rows.filter((row) => row.length === width);
  const reach = modeOf(usual.map(lastFilled));
  const hasNames = (row: string[]) =>
    lastFilled(row) >= reach ||
    // The header of an index may have no name.
    row.filter((field) => field.trim() !== '').length >= Math.max(2, reach);
  const firstData = usual.findIndex((row) => hasTime(row) && lastFilled(row) >= reach);
  const above = (firstData < 0 ? usual : usual.slice(0, firstData)).filter(
    (row) => hasNames(row) && !hasTime(row),
  );
  const isComment = ([field = '']: string[]) => field.startsWith('#');
  const head = above.find((row) => !isComment(row)) ?? above.at(-1) ?? usual[firstData];
  return rows.indexOf(head ?? (usual[0] as string[]));
}

function modeOf(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const one of numbers) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const bytes = buffer.subarray(0, bytesRead);
    if (!isGzip(path)) return bytes;
    // A truncated end is not an error here.
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, HEAD_BYTES);
  } finally {
    await file.close();
  }
}

/** As table.encoding has it; undefined for UTF-8. */
function encodingOf(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  // A character may be cut at the end.
  for (let cut = 0; cut < 4; cut++)
    if (isUtf8(bytes.subarray(0, bytes.length - cut))) return undefined;
  return 'windows-1252';
}

/** The delimiter that divides the most lines alike; `,` only where no other does as well. */
function delimiterOf(lines: readonly string[]): { delimiter: Delimiter; width: number } {
  const candidates = [...DELIMITERS].reverse().map((delimiter) => {
    const widths = new Map<number, number>();
    for (const line of lines) {
      const width = splitLine(line, delimiter).length;
      if (line.trim() !== '') widths.set(width, (widths.get(width) ?? 0) + 1);
    }
    const [width, count] = [...widths].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [1, 0];
    return { delimiter, width, share: width > 1 ? count / Math.max(1, lines.length) : 0 };
  });
  const [best] = candidates.sort((a, b) => b.share - a.share);
  return best as (typeof candidates)[number];
}
