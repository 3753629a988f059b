/**
 * Purpose: every command of docs/make-it-yours.md, in its order, in a copy of the repository: from
 * an unknown file to the forecast that the service responds with.
 * Invariants: training is cut to a few batches. The copy shares the installed packages.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyRepository, type RepositoryCopy } from '../../fixtures/cli/copy-repository.ts';
import { endAll, ROOT, startHeadway } from '../../fixtures/cli/headway-process.ts';
import { whenNotBusy } from '../../fixtures/waiting.ts';

const HEADWAY = 'npm run -s headway -- ';

let copy: RepositoryCopy;
beforeAll(async () => {
  copy = await copyRepository();
});
afterAll(async () => {
  await endAll();
  await copy.remove();
});

const commandsOf = (page: string): string[] =>
  [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));

/** What each command must print. */
const EXPECTED: readonly (readonly [start: string, printed: RegExp])[] = [
  ['node tools/sample-visits.mjs', /^\s*$/],
  [
    'new-domain visits --from visits.csv --dry-run',
    /bad_time: 2\n +visits.csv:1001 +S01, yesterday/,
  ],
  ['new-domain visits --from visits.csv --time-zone', /Written:[\s\S]*domains\/index\.ts/],
  ['cat domains/visits', /tableDomain\(\{\n {2}name: 'visits'/],
  ['npm test', /1 passed, 1 total/],
  ['features run', /Snapshot \S+ committed: 1 new of 1 raw files/],
  ['train', /baseline|naive/i],
  ['forecast', /S07/],
];

test('the commands of the page work from top to bottom', async () => {
  const commands = commandsOf(await readFile(join(ROOT, 'docs/make-it-yours.md'), 'utf8'));
  const served = commands.pop() ?? '';
  expect(commands).toHaveLength(EXPECTED.length);
  for (const [at, command] of commands.entries()) {
    const [start, printed] = EXPECTED[at] as (typeof EXPECTED)[number];
    expect(command.replace(HEADWAY, '')).toMatch(new RegExp(`^${start.replace(/[.]/g, '\\.')}`));
    const isTraining = start === 'train';
    expect(await copy.shell(isTraining ? `${command} --steps 5 --no-refit` : command)).toMatch(
      printed,
    );
  }

  const service = startHeadway(
    [...served.replace(HEADWAY, '').split(' '), '--port', '0'],
    copy.env,
    '',
    copy.root,
  );
  const [url] = await service.until(/http:\/\/127\.0\.0\.1:\d+/);
  const page = await fetch(`${url}/`);
  expect([page.status, page.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('text/html'),
  ]);
  const response = await whenNotBusy(`${url}/v1/series/S07/forecast`);
  const forecast = (await response.json()) as { forecast: unknown[]; seriesId: string };
  expect(response.status).toBe(200);
  expect(JSON.stringify(forecast)).toContain('S07');
  service.kill('SIGTERM');
  expect((await service.ended).code).toBe(0);
});

test('a new domain adds its folder, its test and one line of domains/index.ts', async () => {
  const filesOf = async (folder: string) =>
    (await readdir(folder, { recursive: true })).filter((path) => /\.(ts|md|csv)$/.test(path));
  const folders = ['domains', 'tests/unit/domains', 'cli', 'services', 'docs'];
  const added: string[] = [];
  const changed: string[] = [];
  for (const folder of folders) {
    const before = new Set(await filesOf(join(ROOT, folder)));
    for (const path of await filesOf(join(copy.root, folder))) {
      const [mine, theirs] = [join(copy.root, folder, path), join(ROOT, folder, path)];
      if (!before.has(path)) added.push(`${folder}/${path}`);
      else if ((await readFile(mine, 'utf8')) !== (await readFile(theirs, 'utf8')))
        changed.push(`${folder}/${path}`);
    }
  }
  expect(added.sort()).toEqual([
    'domains/visits/README.md',
    'domains/visits/definition.ts',
    'tests/unit/domains/visits/definition.test.ts',
    'tests/unit/domains/visits/sample/visits.csv',
  ]);
  expect(changed).toEqual(['domains/index.ts']);
  const lines = (await readFile(join(copy.root, 'domains/visits/definition.ts'), 'utf8')).split(
    '\n',
  );
  expect(lines.length).toBeLessThanOrEqual(40);
  // What it wrote is typed, formatted and free of findings.
  const written = [...added.filter((path) => path.endsWith('.ts')), 'domains/index.ts'];
  await copy.shell(`npx biome check --error-on-warnings ${written.join(' ')}`);
});
