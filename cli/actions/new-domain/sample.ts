/**
 * Purpose: the first rows of somebody's files, small enough for a repository: what the test of a
 * new domain reads.
 * Invariants: as the files are written, but not compressed; of a workbook as CSV.
 * Fails: with the errors of the file system and of the engine.
 */
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import type { TableDomain } from '../../../domains/sources/table.ts';
import { isWide } from '../../../domains/sources/table-declaration.ts';
import { formatOf, textOf } from '../../../domains/sources/table-files.ts';
import { withDuckDB } from '../../../platform/duckdb/duckdb.ts';
import { parquetFiles, sqlFilename } from '../../../platform/duckdb/sql.ts';
import { isGzip } from '../../../platform/files/text-file.ts';
import type { Data } from './data.ts';

const ROWS = 50;
const MAX_FILES = 3;

/** @returns paths of the files that were written */
export async function writeSample(
  folder: string,
  { paths, nameOf, rawFolder }: Data,
  { table }: TableDomain,
): Promise<string[]> {
  const isEach = typeof table.series === 'object' && 'files' in table.series;
  const written: string[] = [];
  for (const path of paths.slice(0, isEach || isWide(table.series) ? MAX_FILES : 1)) {
    const target = join(
      folder,
      nameOf(path)
        .replace(/\.gz$/i, '')
        .replace(/\.xlsx$/i, '.csv'),
    );
    await mkdir(dirname(target), { recursive: true });
    if (formatOf(table, path) === 'parquet') {
      await withDuckDB({ threads: 1 }, async (connection) => {
        const rows = `SELECT * FROM ${parquetFiles(path)} LIMIT ${ROWS}`;
        await connection.run(`COPY (${rows}) TO ${sqlFilename(target)} (FORMAT parquet)`);
      });
    } else {
      const text = await textOf(path, table, rawFolder);
      await writeFile(target, await firstLines(text, ROWS + (table.skipLines ?? 0) + 1));
    }
    written.push(target);
  }
  return written;
}

/** In the file's own encoding, whose line ends all hold a byte of LF or CR. */
async function firstLines(path: string, count: number): Promise<Buffer> {
  const file = createReadStream(path);
  const stream = isGzip(path) ? file.pipe(createGunzip()) : file;
  const chunks: Buffer[] = [];
  let lines = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lf = chunk.includes(10) ? 10 : 13;
    for (let at = chunk.indexOf(lf); at >= 0; at = chunk.indexOf(lf, at + 1)) {
      lines++;
      if (lines < count) continue;
      chunks.push(chunk.subarray(0, at + 1));
      file.destroy();
      return Buffer.concat(chunks);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
