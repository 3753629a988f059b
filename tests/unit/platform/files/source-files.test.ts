/** Purpose: what a source may open, and how it notices that a file changed. */
import { execFileSync } from 'node:child_process';
import {
  appendFile,
  mkdir,
  mkdtemp,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  fileFingerprint,
  filesFingerprint,
  sourceFiles,
} from '../../../../platform/files/source-files.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';

let root: string;
let folder: string;
let warnings: string[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'headway-source-'));
  folder = join(root, 'in');
  await mkdir(folder);
  warnings = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

const loggerTo = (lines: string[]) =>
  Object.assign(Object.create(silentLogger) as typeof silentLogger, {
    warn: (_fields: object, text: string) => void lines.push(text),
  });
const list = (spec = folder) =>
  sourceFiles(spec, {
    noun: 'CSV file',
    isWanted: (name) => name.endsWith('.csv'),
    fix: 'Give a folder.',
    logger: loggerTo(warnings),
  });
const at = (name: string) => join(folder, name);

describe('files of a source', () => {
  test('lists wanted files in order of name, and warns about the others', async () => {
    for (const name of ['b.csv', 'a.csv', 'c.txt']) await writeFile(at(name), 'x');
    await mkdir(at('region=1'));
    expect(await list()).toEqual([at('a.csv'), at('b.csv')]);
    expect(warnings).toEqual(['not read, because it is not a CSV file: "c.txt", "region=1"']);
    expect(await list(at('b.csv'))).toEqual([at('b.csv')]);
  });

  test('follows links inside the folder and to the named source', async () => {
    await mkdir(at('data'));
    await writeFile(at('data/real'), 'x');
    await symlink('data/real', at('a.csv'));
    expect(await list()).toEqual([at('a.csv')]);
    await symlink(folder, join(root, 'alias'));
    expect(await list(join(root, 'alias'))).toEqual([join(root, 'alias', 'a.csv')]);
    await symlink(at('data/real'), join(root, 'one.csv'));
    expect(await list(join(root, 'one.csv'))).toEqual([join(root, 'one.csv')]);
  });

  test('names what is there if no file matches', async () => {
    await expect(list()).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: 'no CSV file here, the folder is empty',
    });
    await mkdir(at('shop=1'));
    await writeFile(at('notes.txt'), 'x');
    await expect(list()).rejects.toMatchObject({
      message: 'no CSV file here, only the folders "shop=1" and the files "notes.txt"',
      fix: expect.stringContaining('column=value'),
    });
  });

  test('reports a missing source', async () => {
    await expect(list(at('none'))).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      where: at('none'),
      fix: 'Give a folder.',
    });
  });

  test.each<[string, (path: string) => unknown, string]>([
    ['a FIFO', (path) => execFileSync('mkfifo', [path]), 'is a FIFO, not a regular file'],
    ['a folder', (path) => mkdir(path), 'is a folder, not a regular file'],
    ['a device', (path) => symlink('/dev/zero', path), 'is a device, not a regular file'],
    ['a link to nothing', (path) => symlink('nothing', path), 'cannot be read (ENOENT)'],
    ['a link to itself', (path) => symlink(path, path), 'cannot be read (ELOOP)'],
    [
      'a link out of the folder',
      async (path) => {
        await writeFile(join(root, 'secret.csv'), 'x');
        await symlink('../secret.csv', path);
      },
      'is a link to a file outside of the folder',
    ],
  ])('refuses %s with its path', async (_what, make, problem) => {
    await writeFile(at('a.csv'), 'x');
    await make(at('b.csv'));
    await expect(list()).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: `b.csv ${problem}`,
      where: at('b.csv'),
    });
  });

  test('refuses a FIFO as the source itself', async () => {
    execFileSync('mkfifo', [at('a.csv')]);
    await expect(list(at('a.csv'))).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  });
});

describe('file fingerprint', () => {
  beforeEach(() => writeFile(at('a.csv'), 'one'));

  test('is valid while nothing is written', async () => {
    const { verifyUnchanged } = await fileFingerprint(at('a.csv'));
    await expect(verifyUnchanged()).resolves.toBeUndefined();
  });

  test('reports a missing file', async () => {
    await expect(fileFingerprint(at('none.csv'))).rejects.toMatchObject({
      code: 'RAW_FILE_INVALID',
      message: 'none.csv cannot be read (ENOENT)',
      where: at('none.csv'),
    });
  });

  test.each<[string, () => unknown]>([
    ['grows', () => appendFile(at('a.csv'), 'x')],
    [
      'is replaced',
      async () => {
        await writeFile(at('new'), 'one');
        await rename(at('new'), at('a.csv'));
      },
    ],
    [
      'is written and dated back',
      async () => {
        const { atime, mtime } = await stat(at('a.csv'));
        await writeFile(at('a.csv'), 'two');
        await utimes(at('a.csv'), atime, mtime);
      },
    ],
    ['goes', () => rm(at('a.csv'))],
  ])('is invalid if the file %s', async (_what, change) => {
    await writeFile(at('b.csv'), 'two');
    const one = await fileFingerprint(at('a.csv'));
    const both = await filesFingerprint([at('b.csv'), at('a.csv')]);
    await change();
    for (const { verifyUnchanged } of [one, both])
      await expect(verifyUnchanged()).rejects.toMatchObject({
        code: 'RAW_FILE_INVALID',
        message: 'a.csv changed while it was read',
        where: at('a.csv'),
      });
  });
});
