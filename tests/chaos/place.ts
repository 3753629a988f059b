/**
 * Purpose: where the soak runs: a small disk, an S3 server that fails on purpose, the settings of
 * the processes and their clock.
 * Invariants: the disk is a tmpfs of a few megabytes where this user may mount one, else a folder,
 * which is reported: its full disk is then left out.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeS3, startFakeS3 } from '../fakes/fake-s3.ts';
import { temporaryFolder } from '../fixtures/storage/features.ts';
import { addressOn } from '../fixtures/storage/s3-stores.ts';
import { STOP_SECONDS } from './processes.ts';

const DISK_MB = 48;

export interface Place {
  readonly s3: FakeS3;
  readonly address: string;
  /** What the processes write to: work folder and cache. */
  readonly disk: string;
  readonly isSmall: boolean;
  readonly env: Readonly<Record<string, string>> & { readonly HEADWAY_STORE_SECONDS: string };
  setClock(offsetMs: number): void;
  close(): Promise<void>;
}

export async function openPlace(): Promise<Place> {
  const { folder, remove } = await temporaryFolder();
  const disk = join(folder, 'disk');
  const clock = join(folder, 'clock');
  mkdirSync(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'soak', disk]);
  const isSmall = mounted.status === 0;
  writeFileSync(clock, '0');
  const s3 = await startFakeS3();
  const address = addressOn(s3);
  return {
    ...{ s3, address, disk, isSmall },
    env: {
      ...{ HEADWAY_STORE: address, HEADWAY_WORK: join(disk, 'work'), HEADWAY_DOMAIN: 'taxi' },
      ...{ HEADWAY_STORE_SECONDS: '3', HEADWAY_STOP_SECONDS: String(STOP_SECONDS) },
      ...{ HEADWAY_DRAIN_SECONDS: '1', HEADWAY_REFRESH_SECONDS: '1', HEADWAY_STALE_AFTER: '0' },
      ...{ HEADWAY_RATE_LIMIT: '0', HEADWAY_BACKEND: 'wasm', HEADWAY_TEST_CLOCK: clock },
      ...{ AWS_ACCESS_KEY_ID: s3.accessKey, AWS_SECRET_ACCESS_KEY: s3.secretKey },
    },
    setClock: (offsetMs) => writeFileSync(clock, String(offsetMs)),
    async close() {
      await s3.close();
      if (isSmall) spawnSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true, force: true });
      await remove();
    },
  };
}
