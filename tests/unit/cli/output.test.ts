/** Purpose: a file of the user's that cannot be read or written is named, with what to do. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { verifyChain } from '../../../cli/actions/ledger/chain.ts';
import { storeDiff } from '../../../cli/actions/store/diff.ts';
import type { CommandContext } from '../../../cli/context.ts';
import { notWritten, writeOutput } from '../../../cli/output.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { temporaryFolder } from '../../fixtures/storage/features.ts';
import { withSnapshots } from '../../fixtures/storage/snapshot-diffs.ts';

let place: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  place = await temporaryFolder();
});
afterAll(() => place.remove());

const usage = (where: string) => ({ code: 'USAGE', where, fix: expect.stringContaining('folder') });

test('a missing folder is made, and a path that leads through a file is USAGE', async () => {
  const file = join(place.folder, 'new', 'chart.svg');
  await writeOutput(file, '<svg/>');
  expect(await readFile(file, 'utf8')).toBe('<svg/>');
  const below = join(file, 'chart.svg');
  await expect(writeOutput(below, '')).rejects.toMatchObject(usage(below));
});

test('a full disk is STORE_FULL, and other errors stay what they are', () => {
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  expect(notWritten('a.csv', full)).toMatchObject({ code: 'STORE_FULL', where: 'a.csv' });
  const corrupt = new HeadwayError('STORE_CORRUPT', 'torn');
  expect(notWritten('a.csv', corrupt)).toBe(corrupt);
});

/** `store diff --csv` of two commits. */
async function withDiff(csv: string, use: (run: Promise<void>) => Promise<void>): Promise<void> {
  const commits = [1, 2].map((n) => [
    { part: `part-${n}`, fingerprint: `${n}`, span: [n, n + 1], rows: [['a', n, 5]] } as const,
  ]);
  await withSnapshots('zero', commits, async ({ features }) => {
    const print = () => undefined;
    const context = { features: async () => features, print, printJson: print };
    await use(storeDiff(context as unknown as CommandContext, { csv }));
  });
}

test('store diff names a table of values that cannot be written', async () => {
  const csv = join(place.folder, 'folder.csv');
  await mkdir(csv);
  await withDiff(csv, async (run) => {
    await expect(run).rejects.toMatchObject(usage(csv));
  });
});

test('store diff writes to a named pipe, which ends with its last row', async () => {
  const csv = join(place.folder, 'diff.fifo');
  const run = promisify(execFile);
  await run('mkfifo', [csv]);
  await withDiff(csv, async (written) => {
    const [{ stdout }] = await Promise.all([run('cat', [csv]), written]);
    expect(stdout).toMatch(/^unique_id,exogenous,ds,change,before,after\n/);
  });
});

test('heads that are not there are SOURCE_NOT_FOUND', async () => {
  const file = join(place.folder, 'heads.txt');
  const context = { ledger: async () => ({ chain: async () => [] }) } as unknown as CommandContext;
  await expect(verifyChain(context, file)).rejects.toMatchObject({
    ...{ code: 'SOURCE_NOT_FOUND', where: file, fix: expect.stringContaining('ledger head') },
  });
  await writeFile(file, 'no head');
  await expect(verifyChain(context, file)).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
});
