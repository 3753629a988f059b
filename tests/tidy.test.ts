/**
 * Purpose: keeps the house in order: what docs/architecture.md promises of the source is checked
 * here, and each check can fail.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { domainWords } from './tidy/domain-words.ts';
import { fileReads } from './tidy/file-reads.ts';
import { brokenLinks, fileShape, folderName, machineTraces } from './tidy/file-shape.ts';
import { hiddenInputs } from './tidy/hidden-inputs.ts';
import { deadFiles, importDirection, importsOf, packageUse } from './tidy/import-graph.ts';
import { ROOT, readTree, report, type SourceFile } from './tidy/source-tree.ts';

const files = readTree();
const packageJson = JSON.parse(files.find((file) => file.path === 'package.json')!.text);

/**
 * What something outside the source starts: the command line, npm scripts, AWS. A path ending in
 * "/" means all under it.
 */
const ENTRY_POINTS = [
  ...[
    'cli/headway.ts',
    'bench/',
    'docs/',
    'infra/',
    'infra/lambda/entry.ts',
    'infra/lambda/bundle.ts',
    'jest.config.js',
  ],
  // The features' function on AWS (infra/aws/stacks/feature-stack.ts).
  'platform/jobs/lambda-job.ts',
];

/** Finished files that nothing uses yet → why they are there. Keep it empty between releases. */
const NOT_WIRED_YET: Record<string, string> = {};

/** Dependencies that no file imports → why they are there. */
const NOT_IMPORTED: Record<string, string> = {
  tsx: 'runs the TypeScript (package.json scripts, Dockerfile); docs/decisions/0001',
  'aws-cdk': 'the command line behind npm run deploy, diff and destroy (infra/aws/command.ts)',
  'pino-pretty': 'pino loads it by name, as the transport of platform/telemetry/logger.ts',
  '@tensorflow/tfjs-node': 'the stub danfojs-node is pointed at; docs/decisions/0002',
  request: 'the stub danfojs-node is pointed at; docs/decisions/0002',
  xlsx: 'the stub danfojs-node is pointed at; docs/decisions/0002',
  'tfjs-node-native': 'optional and found at run time by a computed name; docs/decisions/0003',
};

/**
 * The whole can only be judged where it is whole; a part of it (a branch in the making) has no
 * entry point.
 */
const wholeTest = existsSync(join(ROOT, 'cli/headway.ts')) ? test : test.skip;

describe('the repository', () => {
  test('there are files to look at', () => {
    expect(files.map((file) => file.path)).toEqual(
      expect.arrayContaining(['platform/errors.ts', 'package.json', '.gitignore']),
    );
  });

  test.each([
    ['domain words are only in domains/', domainWords],
    ['imports go one way', importDirection],
    ['clock, randomness, timers and environment are only in platform/', hiddenInputs],
    ['files open with their purpose, are short, and are no barrels', fileShape],
    ['no folder is a catch-all', folderName],
    ['only platform/duckdb/sql.ts names files in SQL', fileReads],
    ['nothing names a machine or a registry', machineTraces],
    [
      'links in documents lead somewhere',
      (file: SourceFile) => brokenLinks(file, (path) => existsSync(join(ROOT, path))),
    ],
  ])('%s', (_title, check) => {
    expect(report(files.flatMap(check))).toEqual([]);
  });

  wholeTest('no file is dead', () => {
    const dead = deadFiles(files, ENTRY_POINTS).filter(
      (violation) => !(violation.path in NOT_WIRED_YET),
    );
    expect(report(dead)).toEqual([]);
  });

  wholeTest('every dependency is used and every import is declared', () => {
    const packages = {
      dependencies: [
        ...Object.keys(packageJson.dependencies),
        ...Object.keys(packageJson.optionalDependencies),
      ],
      developmentOnly: Object.keys(packageJson.devDependencies),
      notImported: NOT_IMPORTED,
    };
    expect(report(packageUse(files, packages))).toEqual([]);
  });

  test('every decision is in the index, and its number is its own', () => {
    const decisions = files
      .map((file) => file.path)
      .filter((path) => /^docs\/decisions\/\d{4}-[a-z0-9-]+\.md$/.test(path));
    const index = files.find((file) => file.path === 'docs/decisions/README.md')?.text ?? '';
    expect(decisions.filter((path) => !index.includes(`](${path.split('/').at(-1)})`))).toEqual([]);
    const numbers = decisions.map((path) =>
      path.slice('docs/decisions/'.length, 'docs/decisions/'.length + 4),
    );
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

const file = (path: string, text = '/** Purpose: x */\n'): SourceFile => ({ path, text });
const problems = (violations: { line: number; problem: string }[]) =>
  violations.map(({ line, problem }) => `${line}: ${problem}`);

describe('each check can fail', () => {
  test.each([
    'const zoneId = 1;',
    'const pickup_datetime = 1;',
    '// demand of taxis',
    "'Megawatt'",
    'BIKE_COUNT',
    'const byZone = 1;',
    'a timeZone and a zone',
  ])('domain words: %s', (text) => {
    expect(domainWords(file('services/x.ts', text))).toHaveLength(1);
    expect(domainWords(file('domains/x/y.ts', text))).toEqual([]);
  });

  test.each([
    'timeZone',
    'time zone',
    'time_zones',
    'timezone',
    'an IANA zone',
    'ZonedDateTime',
    'ozone',
    'taxing',
    'TIME_ZONE',
  ])('no domain word: %s', (text) => {
    expect(domainWords(file('services/x.ts', text))).toEqual([]);
  });

  test('domain words: in a file’s name', () => {
    expect(domainWords(file('services/feature/pickups.ts'))).toHaveLength(1);
  });

  test.each([
    ['forecasting/a.ts', '../runtime/clock.ts'],
    ['forecasting/models/a.ts', 'node:fs/promises'],
    ['runtime/a.ts', '../storage/manifest.ts'],
    ['storage/a.ts', '../domains/domain.ts'],
    ['storage/a.ts', '../services/feature/a.ts'],
    ['services/feature/a.ts', '../training/a.ts'],
    ['services/feature/routes/a.ts', '../../training/a.ts'],
    ['services/feature/a.ts', '../../domains/index.ts'],
    ['services/feature/a.ts', '../../cli/a.ts'],
    ['domains/x/a.ts', '../../storage/manifest.ts'],
    ['infra/a.ts', '../runtime/settings.ts'],
    ['elsewhere/a.ts', './b.ts'],
  ])('imports: %s must not import %s', (path, specifier) => {
    for (const text of [
      `import { a } from '${specifier}';`,
      `const a = await import('${specifier}');`,
      `export { a } from '${specifier}';`,
    ]) {
      expect(importDirection(file(path, text))).toHaveLength(1);
    }
  });

  test.each([
    ['forecasting/models/a.ts', '../panel.ts'],
    ['forecasting/a.ts', '@tensorflow/tfjs-core'],
    ['storage/a.ts', '../forecasting/panel.ts'],
    ['services/feature/a.ts', '../../domains/domain.ts'],
    ['services/inference/routes/a.ts', '../app.ts'],
    ['services/inference/a.ts', '../../dashboard/forecast-picture.ts'],
    ['domains/x/a.ts', '../domain.ts'],
    ['cli/a.ts', '../services/feature/a.ts'],
    ['cli/headway.ts', './cli/a.ts'],
  ])('imports: %s may import %s', (path, specifier) => {
    expect(importDirection(file(path, `import { a } from '${specifier}';`))).toEqual([]);
  });

  test('imports: a type is not a dependency for domains, and only for them', () => {
    const text = "import type { Panel } from '../forecasting/panel/panel.ts';";
    expect(importDirection(file('domains/a.ts', text))).toEqual([]);
    expect(importDirection(file('runtime/a.ts', text))).toHaveLength(1);
    expect(
      importsOf(file('a.ts', "import { a } from 'b';\nimport type { c } from 'd';\n")),
    ).toMatchObject([
      { line: 1, specifier: 'b', typeOnly: false },
      { line: 2, specifier: 'd', typeOnly: true },
    ]);
  });

  test.each([
    ['Date.now()', 'Date.now', 'Clock'],
    ['const f = Date.now;', 'Date.now', 'Clock'],
    ['new Date()', 'new Date()', 'Clock'],
    ['performance.now()', 'performance.now', 'elapsedMs'],
    ['globalThis.performance.now()', 'performance.now', 'elapsedMs'],
    ['process.hrtime.bigint()', 'process.hrtime', 'elapsedMs'],
    ['Temporal.Now.instant()', 'Temporal.Now', 'Clock'],
    ['Math.random()', 'Math.random', 'seededRandom'],
    ['crypto.getRandomValues(a)', 'getRandomValues', 'seededRandom'],
    ['setTimeout(f, 1)', 'setTimeout', 'platform/timers.ts'],
    ['globalThis.setInterval(f, 1)', 'setInterval', 'platform/timers.ts'],
    [
      "import { setTimeout as wait } from 'node:timers/promises';",
      'node:timers/promises',
      'platform/timers.ts',
    ],
    ['process.env.HOME', 'process.env', 'Settings'],
  ])('hidden inputs: %s', (text, name, fix) => {
    const violations = hiddenInputs(file('services/a.ts', `// first\n${text}`));
    expect(problems(violations)).toEqual([`2: ${name} outside platform/`]);
    expect(violations[0]!.fix).toContain(fix);
    expect(hiddenInputs(file('runtime/a.ts', text))).toEqual([]);
  });

  test('hidden inputs: formatting, comments, strings and an argument that is a clock are fine', () => {
    const text =
      "new Date(0).toISOString(); // Date.now()\nconst a = 'Math.random()'; clock.now(); randomUUID(); now.setTimeout;";
    expect(hiddenInputs(file('services/a.ts', text))).toEqual([]);
    expect(hiddenInputs(file('cli/headway.ts', 'readSettings(process.env)'))).toEqual([]);
  });

  // Written with # for the dollar sign, which the linter takes for a mistake in a plain string.
  const sqlIn = (path: string, text: string) => file(path, `fine\n${text.replaceAll('#', '$')}`);
  test.each([
    "`SELECT * FROM read_parquet('a.parquet')`",
    'FROM read_csv(#{sqlText(path)}, header = true)',
    'parquet_scan([a])',
    "SELECT * FROM 'a.parquet'",
    'JOIN #{sqlText(path)}',
    "COPY x TO '#{path}' (FORMAT parquet)",
    'COPY x TO #{sqlText(path)}',
  ])('files in SQL: %s', (text) => {
    expect(problems(fileReads(sqlIn('storage/a.ts', text)))).toHaveLength(1);
    expect(fileReads(sqlIn('platform/duckdb/sql.ts', text))).toEqual([]);
  });

  test.each([
    'SELECT * FROM #{parquetFiles(path)}',
    'COPY x TO #{sqlFilename(path)}',
    "import { a } from 'b.parquet';",
    "epoch_ms(t) AT TIME ZONE 'UTC'",
  ])('no file in SQL: %s', (text) => {
    expect(fileReads(sqlIn('storage/a.ts', text))).toEqual([]);
  });

  test('file shape: purpose, length, barrels, folders', () => {
    expect(problems(fileShape(file('storage/a.ts', 'const a = 1;')))).toEqual([
      '1: no Purpose block',
    ]);
    expect(
      fileShape(file('storage/a.ts', '#!/usr/bin/env node\n/**\n * Purpose: x\n */\nconst a = 1;')),
    ).toEqual([]);
    expect(
      problems(fileShape(file('storage/a.ts', `/** Purpose: x */\n${'let a;\n'.repeat(550)}`))),
    ).toEqual(['1: 551 lines']);
    expect(
      problems(fileShape(file('domains/index.ts', "/** Purpose: x */\nexport * from './a.ts';"))),
    ).toEqual(['1: only re-exports']);
    expect(
      fileShape(
        file(
          'domains/index.ts',
          "/** Purpose: x */\nimport { a } from './a.ts';\nexport const all = [a];",
        ),
      ),
    ).toEqual([]);
    expect(folderName(file('storage/utils/a.ts'))).toHaveLength(1);
  });

  // Written with | and ¦ for the slashes, so that the check does not find them here.
  test.each([
    '|work|a',
    'cd |root|x',
    '"|home|me|x"',
    'C:¦Users¦me',
    'https:||registry.example.org|npm|',
    '|Users|me|x',
  ])('machine traces: %s', (disguised) => {
    const text = disguised.replaceAll('|', '/').replaceAll('¦', '\\');
    expect(problems(machineTraces(file('docs/a.md', `fine\n${text}`)))).toHaveLength(1);
  });

  test('machine traces: relative paths and prose are fine', () => {
    const text = './.headway/work/raw\nthe package registry\n/data/work/x\n/work\n';
    expect(machineTraces(file('a.md', text))).toEqual([]);
  });

  test('broken links: relative ones that lead nowhere', () => {
    const text = '[a](b.md) [c](../d.md#e) [f](https://example.org) [g](#h)\n![i](j.svg)';
    const exists = (path: string) => path === 'docs/b.md' || path === 'docs/../d.md';
    expect(problems(brokenLinks(file('docs/a.md', text), exists))).toEqual([
      '2: the link to j.svg leads nowhere',
    ]);
  });

  test('dead files: unreached ones, and those that only a test reaches', () => {
    const tree = [
      file(
        'cli/headway.ts',
        "import './cli/a.ts'; await import('./cli/b.ts'); new Worker(new URL('./cli/c.ts', import.meta.url));",
      ),
      file('cli/a.ts', "import type { D } from './d.ts';"),
      ...['cli/b.ts', 'cli/c.ts', 'cli/d.ts', 'cli/e.ts', 'cli/f.ts'].map((path) => file(path)),
      file('tests/e.test.ts', "import '../cli/e.ts'; import './fixture.ts';"),
      file('tests/fixture.ts'),
      file('tests/forgotten.ts'),
    ];
    expect(
      deadFiles(tree, ['cli/headway.ts']).map(({ path, problem }) => `${path}: ${problem}`),
    ).toEqual([
      'cli/e.ts: only its tests use this file',
      'cli/f.ts: nothing imports this file',
      'tests/forgotten.ts: nothing imports this file',
    ]);
  });

  test('packages: unused, undeclared, and development ones in production', () => {
    const tree = [
      file(
        'storage/a.ts',
        "import 'used'; import 'jest'; import '@scope/undeclared/x'; import 'node:fs';",
      ),
      file('tests/a.test.ts', "import 'jest';"),
    ];
    const packages = {
      dependencies: ['used', 'unused', 'listed'],
      developmentOnly: ['jest'],
      notImported: { listed: 'why' },
    };
    expect(packageUse(tree, packages).map(({ path, problem }) => `${path}: ${problem}`)).toEqual([
      'package.json: nothing imports the dependency unused',
      'storage/a.ts: jest is imported and not declared',
      'storage/a.ts: @scope/undeclared is imported and not declared',
    ]);
  });
});
