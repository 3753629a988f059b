/**
 * Purpose: the rules of AGENTS.md that no linter holds. `npm run lint` holds the rest: Biome,
 * dependency-cruiser (tests/tidy/dependency-cruiser.mjs) and knip.
 */
import { expect, test } from '@jest/globals';
import { domainWords } from './tidy/domain-words.ts';
import { fileReads } from './tidy/file-reads.ts';
import { hiddenInputs } from './tidy/hidden-inputs.ts';
import { machineTraces } from './tidy/machine-traces.ts';
import { fullFolders, wideLines } from './tidy/sizes.ts';
import { readTree, report } from './tidy/source-tree.ts';

const files = readTree();

// The last two columns: a file that breaks the rule. `|` stands for a slash and `#` for a dollar
// sign, so that the checks do not find them here.
test.each([
  ['domain words are only in domains/', domainWords, 'services/a.ts', 'const byZone = 1;'],
  ['the clock, randomness and the environment', hiddenInputs, 'storage/a.ts', 'f(Date.now());'],
  ['only platform/duckdb/sql.ts names files in SQL', fileReads, 'storage/a.ts', "FROM 'a.csv'"],
  ['nothing names a machine or a registry', machineTraces, 'docs/a.md', 'cd |root|x'],
])('%s', (_title, check, path, text) => {
  expect(report(files.flatMap(check))).toEqual([]);
  expect(check({ path, text: text.replaceAll('|', '/').replaceAll('#', '$') })).toHaveLength(1);
});

/** Lines that are still too wide, most of them in templates of pages. Only ever lower this. */
const WIDE_LINES_LEFT = 18;

test('the number of lines over 100 columns does not grow', () => {
  expect(files.flatMap(wideLines).length).toBeLessThanOrEqual(WIDE_LINES_LEFT);
});

test('detects a line of 101 columns', () => {
  expect(wideLines({ path: 'storage/a.ts', text: 'a'.repeat(101) })).toHaveLength(1);
});

test.each(['timeZone', 'an IANA zone', 'ZonedDateTime', 'ozone'])(
  '%s is no domain word',
  (text) => {
    expect(domainWords({ path: 'services/a.ts', text })).toEqual([]);
  },
);

test('the root and every folder hold at most 15 files', () => {
  expect(report(fullFolders(files))).toEqual([]);
  const many = Array.from({ length: 16 }, (_, i) => ({ path: `storage/${i}.ts`, text: '' }));
  expect(fullFolders(many)).toHaveLength(1);
});

test('every decision is in the index and has its own number', () => {
  const decisions = files
    .map(({ path }) => /^docs\/decisions\/(\d{4})-.*\.md$/.exec(path))
    .filter((match) => match !== null);
  const index = files.find(({ path }) => path === 'docs/decisions/README.md')?.text ?? '';
  expect(decisions.filter(({ input }) => !index.includes(`](${input.slice(15)})`))).toEqual([]);
  expect(new Set(decisions.map(([, number]) => number)).size).toBe(decisions.length);
});
