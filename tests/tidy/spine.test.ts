/**
 * Purpose: the ordered lists of docs/architecture.md are true: each file is imported by the file
 * before it, or by an earlier file of the list, which calls it.
 */
import { posix } from 'node:path';
import { expect, test } from '@jest/globals';
import { readTree } from './source-tree.ts';

const files = new Map(readTree().map(({ path, text }) => [path, text]));

/** The first path of each item of the ordered list under a heading. */
function listUnder(heading: string, page: string): string[] {
  const section = page.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\d+\. .*?`([\w./-]+\.\w+)`/gm)].map((match) => match[1] as string);
}

/** Imports, static and dynamic, and files that are started by their URL. */
function importsOf(path: string): string[] {
  const specifiers = /(?:from |import\(|import |new URL\()\s*'(\.[^']+)'/g;
  return [...(files.get(path) ?? '').matchAll(specifiers)].map((match) =>
    posix.join(posix.dirname(path), match[1] as string),
  );
}

const withoutCaller = (list: readonly string[]): string[] =>
  list.filter((path, i) => i > 0 && !list.slice(0, i).some((by) => importsOf(by).includes(path)));

test.each([
  ['Raw file to snapshot', 12],
  ['GET to response', 8],
  ['One training', 10],
])('%s has at most %i files, each imported by an earlier one', (heading, max) => {
  const list = listUnder(heading, files.get('docs/architecture.md') ?? '');
  expect(list.filter((path) => !files.has(path))).toEqual([]);
  expect(withoutCaller(list)).toEqual([]);
  expect(list.length).toBeGreaterThan(3);
  expect(list.length).toBeLessThanOrEqual(max);
});

test('detects a file that no earlier file imports', () => {
  const page =
    '### One training\n\n1. `cli/headway.ts` starts.\n2. [x](y) `storage/a.ts` reads.\n\n## B';
  expect(listUnder('One training', page)).toEqual(['cli/headway.ts', 'storage/a.ts']);
  expect(withoutCaller(['cli/headway.ts', 'cli/main.ts', 'storage/a.ts'])).toEqual([
    'storage/a.ts',
  ]);
});
