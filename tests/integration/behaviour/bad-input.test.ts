/**
 * Purpose: raw data, disks and stores that are not as they should be: a coded error, nothing lost,
 * nothing half done.
 */
import { spawnSync } from 'node:child_process';
import { copyFile, cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CliWorker,
  cliWorker,
  environmentIn,
  SOURCE,
  temporaryPlace,
} from '../../fixtures/cli/cli-worker.ts';
import { QUICK_TRAINING } from '../../fixtures/cli/quick-training.ts';

let place: Awaited<ReturnType<typeof temporaryPlace>>;
let warm: CliWorker;
/** A good raw file. */
let raw: string;
beforeAll(async () => {
  place = await temporaryPlace();
  warm = cliWorker();
  expect((await warm.run(['features', 'run'], place.env)).code).toBe(0);
  expect((await warm.run(['train', ...QUICK_TRAINING], place.env)).code).toBe(0);
  const [{ modelVersion }] = (await json('models', 'list')).models;
  expect((await warm.run(['models', 'promote', modelVersion], place.env)).code).toBe(0);
  const folder = join(place.folder, 'work', 'raw', 'taxi');
  const files = (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith('.parquet'))
    .sort();
  raw = join(folder, files[1] as string);
});
afterAll(async () => {
  await warm.close();
  await place.remove();
});

const json = async (...args: string[]) =>
  JSON.parse((await warm.run([...args, '--json'], place.env)).stdout);
const headManifest = async () => (await json('store', 'log')).at(-1).snapshotVersion as string;

describe('raw files', () => {
  let folder: string;
  beforeAll(() => {
    folder = join(place.folder, 'trips');
  });
  /** A folder with a good file of August, and one of September that is `made`. */
  async function folderWith(make: (path: string) => Promise<void>): Promise<void> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const month = /(\d{4}-\d\d)-\d\dT/.exec(raw)?.[1] as string;
    const number = String((Number(month.slice(5)) % 12) + 1).padStart(2, '0');
    const next = `${month.slice(0, 4)}-${number}`;
    await copyFile(raw, join(folder, `green_tripdata_${month}.parquet`));
    await make(join(folder, `green_tripdata_${next}.parquet`));
  }
  const run = (source = folder) =>
    warm.run(['features', 'run', '--source', source], {
      ...place.env,
      HEADWAY_STORE: `file:${join(place.folder, 'other')}`,
    });

  test.each<[string, (path: string) => Promise<void>]>([
    [
      'truncated',
      async (path) => {
        await copyFile(raw, path);
        await truncate(path, Math.floor((await readFile(path)).length / 2));
      },
    ],
    [
      'overwritten in the middle',
      async (path) => {
        const bytes = await readFile(raw);
        await writeFile(path, bytes.fill(0x55, 100, bytes.length - 200));
      },
    ],
    ['empty', (path) => writeFile(path, '')],
    ['a text', (path) => writeFile(path, 'lpep_pickup_datetime,PULocationID\n2023-01-01,74\n')],
    ['a web page', (path) => writeFile(path, '<!doctype html><title>404</title>')],
  ])(
    'names a file that is %s, and commits nothing, not even a good file next to it',
    async (_title, make) => {
      await folderWith(make);
      const { code, stderr, stdout } = await run();
      expect(stderr).toMatch(/^RAW_FILE_INVALID: /m);
      expect(stderr).toContain('green_tripdata_');
      expect(stderr).not.toMatch(/\n\s+at /);
      expect([code, stdout]).toEqual([3, '']);
      expect(
        (
          await warm.run(['store', 'log'], {
            ...place.env,
            HEADWAY_STORE: `file:${join(place.folder, 'other')}`,
          })
        ).stdout,
      ).toContain('No snapshots yet');
    },
  );

  test('the run succeeds once the file is fixed', async () => {
    await folderWith(async () => {});
    const { code, stdout } = await run();
    expect([code, stdout.includes('Snapshot 1-')]).toEqual([0, true]);
  });

  test.each([
    ['a folder that does not exist', 'no-such-folder', 'SOURCE_NOT_FOUND'],
    ['a folder without raw files', 'empty-folder', 'SOURCE_INVALID'],
  ])('refuses %s', async (_title, name, expected) => {
    await mkdir(join(place.folder, 'empty-folder'), { recursive: true });
    const { code, stderr } = await run(join(place.folder, name));
    expect(stderr).toContain(`${expected}: `);
    expect(stderr).toContain(name);
    expect(code).toBe(3);
  });

  test.each(['city:months=0', 'city:months=3;places=4', 'city:speed=9', 'tlc:purple:2023-01'])(
    'refuses the source %s with SOURCE_INVALID',
    async (spec) => {
      const { code, stderr } = await run(spec);
      expect(stderr).toMatch(/^SOURCE_INVALID: /);
      expect(code).toBe(3);
    },
  );
});

describe('a damaged store', () => {
  /** The store copied, and one byte of the newest file that `matches` changed. */
  async function damaged(matches: RegExp): Promise<{ env: Record<string, string>; key: string }> {
    const folder = join(place.folder, `damaged-${matches.source.replace(/\W/g, '')}`);
    await cp(join(place.folder, 'store'), join(folder, 'store'), { recursive: true });
    const names = await readdir(join(folder, 'store'), { recursive: true });
    const key = names.sort().findLast((name) => matches.test(name)) as string;
    const path = join(folder, 'store', key);
    const bytes = await readFile(path);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] as number) ^ 1;
    await rm(path);
    await writeFile(path, bytes);
    return { env: { ...environmentIn(folder), HEADWAY_WORK: join(place.folder, 'work') }, key };
  }

  test.each([
    ['features', /^features\/taxi\/data\/.*parquet$/, ['panel', 'export'], 'STORE_CORRUPT'],
    ['the online view', /^features\/taxi\/online\/.*bin$/, ['forecast'], 'STORE_CORRUPT'],
    ['a manifest', /^features\/taxi\/log\/.*json$/, ['panel', 'export'], 'STORE_CORRUPT'],
    ['weights', /weights\.bin$/, ['forecast'], 'MODEL_CORRUPT'],
    ['a model card', /card\.json$/, ['forecast'], 'MODEL_CORRUPT'],
    ['a promotion', /^models\/taxi\/promotions\/.*json$/, ['forecast'], 'STORE_CORRUPT'],
  ])(
    'finds damage of %s on read and in store verify, with exit status 5',
    async (_title, matches, args, code) => {
      const { env, key } = await damaged(matches);
      const read = await warm.run(args, env);
      expect(read.stderr).toContain(`${code}: `);
      expect(read.stderr).toContain(key.split('/').at(-1));
      expect([read.code, read.stdout]).toEqual([5, '']);
      const verified = await warm.run(['store', 'verify'], env);
      expect(verified.stdout).toContain(key);
      expect(verified.stderr).toMatch(/^STORE_CORRUPT: \d+ problems? found/);
      expect(verified.code).toBe(5);
    },
  );
});

describe('a full disk', () => {
  const disks: string[] = [];
  afterAll(() => {
    for (const disk of disks) spawnSync('umount', [disk]);
  });
  /** A folder of so many kilobytes, or null where this user may not make one. */
  async function smallDisk(name: string, kilobytes: number): Promise<string | null> {
    const disk = join(place.folder, name);
    await mkdir(disk);
    if (
      spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'none', disk]).status !== 0
    ) {
      process.stderr.write('skipped: a small disk can only be mounted by root\n');
      return null;
    }
    disks.push(disk);
    return disk;
  }
  const grow = (disk: string) => spawnSync('mount', ['-o', 'remount,size=64m', disk]).status;

  test('of the store gives STORE_FULL, and the next run completes with more room', async () => {
    const disk = await smallDisk('small-store', 48);
    if (disk === null) return;
    const env = { ...place.env, HEADWAY_STORE: `file:${join(disk, 'store')}` };
    const { code, stderr } = await warm.run(['features', 'run'], env);
    expect(stderr).toMatch(/STORE_FULL: /);
    expect(code).toBe(4);
    expect((await warm.run(['store', 'log'], env)).stdout).toContain('No snapshots yet');
    expect(grow(disk)).toBe(0);
    expect((await warm.run(['features', 'run'], env)).code).toBe(0);
    expect((await warm.run(['store', 'verify'], env)).code).toBe(0);
  });

  test('of the work folder gives a coded error and leaves the store unchanged', async () => {
    const disk = await smallDisk('small-work', 64);
    if (disk === null) return;
    const before = await headManifest();
    const env = {
      ...place.env,
      HEADWAY_WORK: join(disk, 'work'),
      HEADWAY_SOURCE: `${SOURCE},seed=9`,
    };
    const { code, stderr } = await warm.run(['features', 'run'], env);
    expect(stderr).toMatch(/STORE_FULL: /);
    expect(code).toBe(4);
    expect(await headManifest()).toBe(before);
  });
});
