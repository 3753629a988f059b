/** Purpose: what `headway rename-project` changes, leaves alone and refuses. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { renameProjectCommand } from '../../../cli/actions/project/rename-project.ts';
import { openContext } from '../../../cli/context.ts';

const FILES: Readonly<Record<string, readonly [before: string, after: string]>> = {
  'package.json': [
    '{ "name": "headway", "scripts": { "headway": "node cli/headway.ts" } }',
    '{ "name": "acme", "scripts": { "headway": "node cli/headway.ts" } }',
  ],
  'docker-compose.yml': [
    'image: headway-inference\nHEADWAY_STORE: s3://headway/store\n',
    'image: acme-inference\nHEADWAY_STORE: s3://headway/store\n',
  ],
  'README.md': [
    '# Headway\n\nHeadway is: `npm run headway -- train`.\n',
    '# Our shops\n\nHeadway is: `npm run headway -- train`.\n',
  ],
  'docs/deploy.md': [
    'headway-prod-data, `headway store verify`, clients/typescript/headway-client.ts, `Headway`',
    'acme-prod-data, `headway store verify`, clients/typescript/headway-client.ts, `Headway`',
  ],
  'infra/kubernetes/base/inference.yaml': [
    '  name: headway-inference # HEADWAY_PORT\n  image: ghcr.io/OWNER/headway-inference\n',
    '  name: acme-inference # HEADWAY_PORT\n  image: ghcr.io/OWNER/acme-inference\n',
  ],
  'infra/observability/alerts.yml': [
    'up{job=~".*headway.*"} == 0 or absent(headway_ready)',
    'up{job=~".*acme.*"} == 0 or absent(headway_ready)',
  ],
  'infra/aws/build-app.ts': [
    `\`headway-\${environment}\`; description: 'Headway: train'; throw new HeadwayError()`,
    `\`acme-\${environment}\`; description: 'Our shops: train'; throw new HeadwayError()`,
  ],
  'web/page.html': ['<title>Headway</title>', '<title>Our shops</title>'],
  'storage/log/a.ts': [
    "mkdtemp('headway-pack-'); // Headway",
    "mkdtemp('headway-pack-'); // Headway",
  ],
  LICENSE: ['Copyright (c) 2026 the Headway authors', 'Copyright (c) 2026 the Headway authors'],
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'headway-rename-'));
  for (const [path, [before]] of Object.entries(FILES)) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await writeFile(join(root, path), before);
  }
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function rename(name: string, flags: { title?: string; dryRun?: boolean } = {}) {
  const printed: string[] = [];
  const context = {
    ...openContext({ work: join(root, 'work'), logLevel: 'silent' }, {}),
    print: (line: string) => void printed.push(line),
  };
  await renameProjectCommand(context, flags, name, root);
  return printed.join('\n');
}
const textOf = (path: string) => readFile(join(root, path), 'utf8');

test('renames package, images, stacks and titles, but not settings, metrics and code', async () => {
  expect(await rename('acme', { title: 'Our shops' })).toContain('web/page.html  1');
  for (const [path, [, after]] of Object.entries(FILES))
    expect([path, await textOf(path)]).toEqual([path, after]);
});

test('a dry run writes nothing', async () => {
  expect(await rename('shop-forecasts', { dryRun: true })).toMatch(
    /Would change[\s\S]*README\.md {2}1/,
  );
  expect(await textOf('README.md')).toContain('# Headway');
});

test('derives the title from the name', async () => {
  await rename('shop-forecasts');
  expect(await textOf('README.md')).toContain('# Shop forecasts');
});

test('refuses a second rename', async () => {
  await rename('app');
  await expect(rename('other')).rejects.toMatchObject({ code: 'USAGE', where: 'package.json' });
});

test.each([
  ['Shops'],
  ['shop_1'],
  ['shop--1'],
  ['1shop'],
  ['headway'],
  ['a'.repeat(31)],
  ['shops', 'Läden "der" Stadt'],
])('refuses the name and title %s %s', async (name, title = 'Shops') => {
  await expect(rename(name, { title })).rejects.toMatchObject({ code: 'USAGE' });
  expect(await textOf('README.md')).toContain('# Headway');
});
