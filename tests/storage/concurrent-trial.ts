/**
 * Purpose: writers in processes of their own that commit at once, and a reader that looks all the
 * time.
 * Invariants: the history is linear, everything acknowledged is in it, and at every moment the
 * reader sees one whole snapshot: every part its manifest names with its value, none that it does
 * not name, and never an older one than before.
 * Fails: with the expectation that does not hold.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { fixedClock } from '../../runtime/clock.ts';
import { openFeatureStore } from '../../storage/feature-store.ts';
import { fileObjectStore } from '../../storage/file-object-store.ts';
import { HOUR, hour, NOW } from './feature-fixtures.ts';

const CHILD = fileURLToPath(new URL('./children/committing-writer.ts', import.meta.url));

export async function concurrentWriters(
  folder: string,
  writers: number,
  commits: number,
): Promise<{ looks: number }> {
  const root = path.join(folder, 'store');
  const features = openFeatureStore({
    store: fileObjectStore(root),
    domain: 'toy',
    clock: fixedClock(NOW),
  });
  const run = promisify(execFile);
  const children = Array.from({ length: writers }, (_, writer) =>
    run(process.execPath, [
      '--import',
      'tsx',
      CHILD,
      root,
      folder,
      String(writer),
      String(commits),
    ]),
  );
  let isWriting = true;
  const outputs = Promise.all(children).finally(() => {
    isWriting = false;
  });

  const seen: string[] = [];
  let looks = 0;
  while (isWriting) {
    if ((await features.head()) === null) continue;
    const { panel, manifest } = await features.readOnline();
    looks++;
    if (seen.at(-1) !== manifest.snapshotVersion) seen.push(manifest.snapshotVersion);
    // Part "writer-i" is the hour writer × commits + i with that number as its value; every other
    // hour of the view is unknown.
    const hours = new Set(manifest.objects.map(({ span }) => (span.start - hour(0)) / HOUR));
    expect(hours.size).toBe(manifest.number);
    const first = (panel.start - hour(0)) / HOUR;
    expect([...panel.columns.target]).toEqual(
      Array.from({ length: panel.length }, (_, t) =>
        hours.has(first + t) ? first + t : Number.NaN,
      ),
    );
  }
  const acknowledged = (await outputs).flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
  expect(new Set(acknowledged).size).toBe(writers * commits);

  const log = await features.log();
  const versions = log.map(({ snapshotVersion }) => snapshotVersion);
  expect([...versions].sort()).toEqual([...acknowledged].sort());
  for (const [i, manifest] of log.entries()) expect(manifest.objects).toHaveLength(i + 1);
  expect(seen.map((version) => versions.indexOf(version))).toEqual(
    seen.map((version) => Number(version.split('-')[0]) - 1),
  );
  expect(
    seen.every(
      (version, i) =>
        i === 0 || versions.indexOf(version) > versions.indexOf(seen[i - 1] as string),
    ),
  ).toBe(true);
  expect([...(await features.readAsOf()).columns.target]).toEqual(
    Array.from({ length: writers * commits }, (_, i) => i),
  );
  expect((await features.verify()).problems).toEqual([]);
  return { looks };
}
