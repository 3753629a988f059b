/** Purpose: paths in SQL mean one file, whatever they and their siblings are called. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  csvFiles,
  csvLines,
  parquetFiles,
  sqlFilename,
  sqlText,
} from '../../../../platform/duckdb/sql.ts';
import { sql } from '../../../fixtures/feature-fixture.ts';

/** Each next to folders that its name matches as a pattern. */
const NAMES = [
  ...['axb', 'a*b', 'a?b', 'a', 'b', '[ab]', '[!c]', '**', 'region=1', 'target=7'],
  ...["it's", 'b\\c', '{a,b}', 'a]b', '~', 'file:', 'é*', 'a b'],
];

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'headway-sql-'));
  for (const name of NAMES) {
    await mkdir(join(root, name));
    for (const format of ['parquet', 'csv']) {
      const target = sqlFilename(join(root, name, `f.${format}`));
      await sql(`COPY (SELECT ${sqlText(name)} AS made_in) TO ${target} (FORMAT ${format})`);
    }
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('paths in SQL', () => {
  test.each(NAMES)('reads %s as one folder and no column', async (name) => {
    const path = join(root, name, 'f.parquet');
    const csv = join(root, name, 'f.csv');
    expect(await sql(`SELECT * FROM ${parquetFiles(path)}`)).toEqual([[name]]);
    expect(await sql(`SELECT * FROM ${csvFiles(csv, 'header = true')}`)).toEqual([[name]]);
    expect(await sql(`SELECT * FROM ${csvLines(csv)}`)).toHaveLength(1);
    const relation = parquetFiles(path, 'filename = true');
    const named = `SELECT filename = ${sqlFilename(path)} FROM ${relation}`;
    expect(await sql(named)).toEqual([[true]]);
  });

  test('reads exactly the listed files', async () => {
    const paths = ['a*b', '[ab]', 'a'].map((name) => join(root, name, 'f.parquet'));
    const found = await sql(`SELECT made_in FROM ${parquetFiles(paths)}`);
    expect(found.flat().sort()).toEqual(['[ab]', 'a', 'a*b']);
  });

  test('resolves a relative path against the working folder, also with a tilde', () => {
    expect(parquetFiles('~/a.parquet')).toContain(sqlText(join(process.cwd(), '~/a.parquet')));
  });

  // DuckDB would read the folder b/x*c for b\x*c.
  test('refuses a backslash with a pattern, and names the path', () => {
    const path = join(root, 'b\\x*c', 'f.parquet');
    expect(() => parquetFiles(path)).toThrow(
      expect.objectContaining({ code: 'SETTINGS_INVALID', where: path }),
    );
  });
});
