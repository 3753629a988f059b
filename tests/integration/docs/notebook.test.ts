/**
 * Purpose: the notebook runs from raw rows to its verdict, and its page needs nothing else.
 * Invariants: training is cut to a few batches.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '../../fixtures/cli/headway-process.ts';

const run = promisify(execFile);
let folder: string;
let page: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-notebook-'));
  const out = join(folder, 'notebook.html');
  const flags = ['--', '--steps', '5', '--out', out];
  await run('npm', ['run', '-s', 'notebook', ...flags], { cwd: ROOT });
  page = await readFile(out, 'utf8');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('contains every cell with its code and output, up to the verdict', async () => {
  const script = await readFile(join(ROOT, 'tools/notebook/explore.ts'), 'utf8');
  const titles = [...script.matchAll(/await cell\(\s*'([^']+)'/g)].map(([, title]) => title);
  expect(titles.length).toBeGreaterThan(7);
  expect([...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)).toEqual(titles);
  expect(page.match(/<pre><code>\S/g)).toHaveLength(titles.length);
  expect(page).toContain('117900 rows used, 2 rejected.');
  expect(page).toMatch(/<h1>(Yes: it beats simple baselines|Not yet: )/);
  expect(page).toMatch(/mean_4_weeks[\s\S]*<svg[\s\S]*Coverage by step/);
});

test('the page is self-contained', () => {
  expect(page).not.toMatch(/<script|<link|src="http|@import/);
});
