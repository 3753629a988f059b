/**
 * Runs of one process that begin at the same moment must not take each other's folder for a
 * leftover.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { withWorkFolder } from '../../../../services/feature/work-folder.ts';

test('gives each concurrent run its own folder and removes all of them', async () => {
  const root = await mkdtemp(join(tmpdir(), 'headway-test-'));
  const work = (folder: string) => writeFile(join(folder, 'part-0.parquet'), 'x');
  try {
    // Each goes round on its own, so that folders are made while others look for leftovers.
    const worker = async () => {
      for (let round = 0; round < 20; round++) await withWorkFolder(root, 0, work);
    };
    await Promise.all(Array.from({ length: 10 }, worker));
    expect(await readdir(root)).toEqual([]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
