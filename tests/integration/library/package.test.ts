/**
 * Purpose: the published package as others install it: what the tarball holds, the example of its
 * README from a CSV to a first forecast, its types, and that it imports what it lists alone.
 * Invariants: packages come from the installed ones: only those that the tarball's package.json
 * lists can be found. The example's fit is cut to a few batches.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '../../fixtures/cli/headway-process.ts';

const run = promisify(execFile);
const readJson = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

let folder: string;
let installed: string;
let name: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-package-'));
  await run('npm', ['run', '-s', 'build:package'], { cwd: ROOT });
  const packed = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: join(ROOT, 'build/package'),
  });
  const [{ filename }] = JSON.parse(packed.stdout);
  name = (await readJson(join(ROOT, 'package.json'))).name;
  installed = join(folder, 'node_modules', name);
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, filename), '--strip-components=1', '-C', installed]);
  const { dependencies } = await readJson(join(installed, 'package.json'));
  for (const dependency of [...Object.keys(dependencies), '@types/node']) {
    const link = join(folder, 'node_modules', dependency);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', dependency), link);
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Visits per hour of two series, busier by day, with an hour that is absent. */
function demandCsv(days: number): string {
  const lines = ['unique_id,ds,y'];
  for (const [series, size] of [
    ['north', 40],
    ['south', 15],
  ] as const) {
    for (let hour = 0; hour < 24 * days; hour++) {
      if (series === 'south' && hour === 100) continue;
      const daily = 1 - Math.cos((2 * Math.PI * (hour % 24)) / 24);
      const noise = ((hour * 7919 + size * 104729) % 101) / 100;
      const time = new Date(Date.UTC(2025, 0, 1, hour)).toISOString().slice(0, 19);
      lines.push(`${series},${time.replace('T', ' ')},${Math.round(size * (daily + noise))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const exampleOf = async () =>
  (await readFile(join(ROOT, 'library/example.ts'), 'utf8')).replace(
    'headway/forecasting',
    `${name}/forecasting`,
  );

test('the README contains the example, which has at most 10 lines of code', async () => {
  const example = await readFile(join(ROOT, 'library/example.ts'), 'utf8');
  expect(await readFile(join(installed, 'README.md'), 'utf8')).toContain(example);
  const code = example.split('\n').filter((line) => line !== '' && !line.startsWith('//'));
  expect(code.length).toBeLessThanOrEqual(10);
});

test('the tarball has modules, their types, a README and a licence', async () => {
  const files = (await readdir(installed, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  const others = files.filter((path) => !/\.(js|d\.ts)$/.test(path)).sort();
  expect(others).toEqual(['LICENSE', 'README.md', 'package.json']);
  expect(
    files.filter((path) => /^(tests|cli|infra|domains|bench)\/|duckdb|fastify/.test(path)),
  ).toEqual([]);
  expect(files.length).toBeLessThan(120);
});

test('the example forecasts from a CSV', async () => {
  await writeFile(join(folder, 'demand.csv'), demandCsv(60));
  const example = (await exampleOf()).replace('horizon: 24,', 'horizon: 24, steps: 20,');
  await writeFile(join(folder, 'example.js'), example);
  const { stdout, stderr } = await run(process.execPath, ['example.js'], { cwd: folder });
  expect(stderr).toBe('');
  const [verdict, ...rows] = stdout.trim().split('\n');
  expect(verdict).toMatch(/baseline|naive|mean of|last value/i);
  expect(rows).toHaveLength(2 * 24);
  const first = (rows[0] ?? '').split(' ');
  expect(first.slice(0, 2)).toEqual(['north', '2025-03-02T00:00:00.000Z']);
  const [low, median, high] = first.slice(2).map(Number) as [number, number, number];
  expect(low).toBeLessThanOrEqual(median);
  expect(high).toBeGreaterThan(median);
});

test('the example and the client pass the type check', async () => {
  await writeFile(join(folder, 'example.ts'), await exampleOf());
  await writeFile(
    join(folder, 'client.ts'),
    `import { createHeadwayClient, dataOf } from '${name}/client';
const { series } = await dataOf(createHeadwayClient({ baseUrl: 'http://x' }).GET('/v1/series'));
export const ids: string[] = series.map(({ seriesId }) => seriesId);
// @ts-expect-error the id is a text
export const numbers: number[] = ids;
`,
  );
  const options = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext'];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const files = ['example.ts', 'client.ts'];
  await run(process.execPath, [tsc, ...options, '--types', 'node', ...files], { cwd: folder });
});

test('the client is imported by its name', async () => {
  const script = `import { createHeadwayClient } from '${name}/client';
    console.log(typeof createHeadwayClient({ baseUrl: 'http://127.0.0.1:1' }).GET);`;
  const options = { cwd: folder };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], options);
  expect(stdout.trim()).toBe('function');
});
