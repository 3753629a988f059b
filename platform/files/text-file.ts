/**
 * Purpose: looks through a text file once, before any line of it counts: what no reader of lines
 * reports, or reports without the file and the line.
 * Invariants: the file is read to its end (a cut .gz has a wrong check sum), in constant memory.
 * Fails: RAW_FILE_INVALID with the file and, where there is one, the line: for a file that is cut
 * or empty, is not UTF-8, mixes line ends, or has a quote that does not close in its line.
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { HeadwayError, isHeadwayError } from '../errors.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;
/** DuckDB reads no longer line. */
const MAX_LINE_BYTES = 2_000_000;
const MAX_SHOWN = 60;

export const isGzip = (path: string): boolean => /\.gz$/i.test(path);

export interface TextFile {
  /** The line at `header`, the first one where that is absent. */
  readonly firstLine: string;
  /** How many there are, the first one included. */
  readonly lines: number;
}

export interface TextFileOptions {
  /** Number of the line that is wanted, from 1 on. */
  readonly header?: number;
  /** Whether a quote must close in its line, as in CSV. True where it is absent. */
  readonly isQuoted?: boolean;
}

export async function checkTextFile(
  path: string,
  options: TextFileOptions = {},
): Promise<TextFile> {
  const scan = scanLines(path, options);
  const take = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) scan.take(chunk);
  };
  try {
    if (isGzip(path)) await pipeline(createReadStream(path), createGunzip(), take);
    else await pipeline(createReadStream(path), take);
  } catch (error) {
    if (isHeadwayError(error)) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw rawFileError(path, null, `cannot be read to its end (${code ?? message})`, error);
  }
  return scan.end();
}

/** What is wrong with a raw file, and in which line. */
export function rawFileError(
  path: string,
  line: number | null,
  problem: string,
  cause?: unknown,
  fix = 'Correct the file or fetch it again; nothing was committed.',
): HeadwayError {
  const place = line === null ? '' : ` line ${line}`;
  return new HeadwayError('RAW_FILE_INVALID', `${basename(path)}${place} ${problem}`, {
    where: line === null ? path : `${path}:${line}`,
    fix,
    cause,
  });
}

/** A line as an error shows it. */
export const shownLine = (line: string): string =>
  JSON.stringify(line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line);

function scanLines(path: string, { header = 1, isQuoted = true }: TextFileOptions) {
  let carry: Buffer = Buffer.alloc(0);
  /** The one that is looked at. */
  let line = 1;
  let lineEnd: string | null = null;
  let first: string | null = null;
  let bytes = 0;

  const checkEnd = (found: string): void => {
    lineEnd ??= found;
    if (found !== lineEnd)
      throw rawFileError(path, line, `ends in ${found}, and the lines before it in ${lineEnd}`);
  };
  const checkLine = (text: Buffer, quotes: number): void => {
    if (isQuoted && quotes % 2 === 1) throw openQuote(path, line);
    if (line === header) first = text.toString('utf8').replace(/^\uFEFF/, '');
  };

  /** Whole lines. */
  function check(lines: Buffer): void {
    if (!isUtf8(lines)) throw notUtf8(path, lines, line);
    let start = 0;
    let quotes = 0;
    for (let at = 0; at < lines.length; at++) {
      const byte = lines[at];
      if (byte === QUOTE) quotes++;
      else if (byte === 0) throw rawFileError(path, line, 'has a NUL byte: it is not UTF-8 text');
      if (byte !== LF && byte !== CR) continue;
      const isPair = byte === CR && lines[at + 1] === LF;
      checkEnd(isPair ? 'CRLF' : byte === CR ? 'CR' : 'LF');
      checkLine(line === header ? lines.subarray(start, at) : lines, quotes);
      if (isPair) at++;
      line++;
      start = at + 1;
      quotes = 0;
    }
    if (start < lines.length) checkLine(lines.subarray(start), quotes);
  }

  return {
    take(chunk: Buffer): void {
      const all = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk;
      if (bytes === 0 && isUtf16(all)) throw rawFileError(path, 1, 'is UTF-16; UTF-8 is expected');
      bytes += chunk.length;
      // A CR at the end may be half of a CRLF.
      const cut = Math.max(all.lastIndexOf(LF), all.lastIndexOf(CR, -2)) + 1;
      if (cut > 0) check(all.subarray(0, cut));
      carry = Buffer.from(all.subarray(cut));
      if (carry.length > MAX_LINE_BYTES)
        throw rawFileError(path, line, `has more than ${MAX_LINE_BYTES} bytes`);
    },
    end(): TextFile {
      if (bytes === 0) throw rawFileError(path, null, 'is empty');
      if (carry.length > 0) check(carry);
      return { firstLine: first ?? '', lines: carry.length > 0 ? line : line - 1 };
    },
  };
}

/** A row is a line, so that every row has a number and none is lost where a quote is stray. */
function openQuote(path: string, line: number): HeadwayError {
  const problem =
    'has a quote that does not close in its line: it is stray, or its field spans several lines, ' +
    'which is not supported';
  const fix =
    'Remove a stray quote. A table with fields that span several lines is read from Parquet, ' +
    'which DuckDB or pandas write from this file.';
  return rawFileError(path, line, problem, undefined, fix);
}

const isUtf16 = (bytes: Buffer): boolean =>
  (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);

function notUtf8(path: string, lines: Buffer, firstLine: number): HeadwayError {
  let line = firstLine;
  let start = 0;
  for (let end = lines.indexOf(LF); end >= 0; end = lines.indexOf(LF, start)) {
    if (!isUtf8(lines.subarray(start, end))) break;
    line++;
    start = end + 1;
  }
  const end = lines.indexOf(LF, start);
  const found = lines.subarray(start, end < 0 ? undefined : end).toString('latin1');
  return rawFileError(
    path,
    line,
    `is not UTF-8: ${shownLine(found)} if it were Latin-1. Save the file as UTF-8`,
  );
}
