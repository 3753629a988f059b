/**
 * Purpose: what the documents say is what the program does: generated blocks, commands, settings,
 * links, examples.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Value } from 'typebox/value';
import { createCityDemand } from '../domains/taxi/city-demand.ts';
import { describeSettings, readSettings } from '../platform/settings/settings.ts';
import { ModelResponse, SeriesId } from '../services/inference/openapi/common-schemas.ts';
import { ForecastResponse } from '../services/inference/openapi/forecast-schemas.ts';
import type { App } from '../services/inference/plugins/app.ts';
import { openActualsLog } from '../storage/forecasts/actuals-log.ts';
import { generatedBlocks, PAGES, RECORDING, withBlocks } from '../tools/readme/blocks.ts';
import { leafCommands } from '../tools/readme/command-tables.ts';
import { FOLDERS } from '../tools/readme/folders.ts';
import { createFixture } from './fakes/inference.ts';
import { memoryObjectStore } from './fakes/memory-object-store.ts';
import { complaint, headwayArguments } from './fixtures/docs/cli-lines.ts';
import { anchorsOf, fencesOf, linksOf, shellLinesOf, wordsOf } from './fixtures/docs/markdown.ts';
import { ROOT, readTree } from './tidy/source-tree.ts';

const pages = readTree().filter((file) => file.path.endsWith('.md'));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const page = (path: string): string => pages.find((one) => one.path === path)?.text ?? '';

describe('generated blocks', () => {
  const blocks = generatedBlocks(ROOT);

  test.each(PAGES)('%s is up to date (else: run `npm run readme`)', (path) => {
    expect(page(path)).toBe(withBlocks(page(path), blocks));
  });

  test('every block is used, and the generator knows every page with blocks', () => {
    const used = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/<!-- generated:([a-z-]+) -->/g)].map((match) => ({
        path,
        name: match[1] as string,
      })),
    );
    expect(used.filter(({ path }) => !PAGES.includes(path))).toEqual([]);
    expect(used.map(({ name }) => name).sort()).toEqual(Object.keys(blocks).sort());
  });

  test('keeps text outside the markers, and refuses a wrong marker', () => {
    expect(withBlocks('a\n<!-- generated:x -->\nold\n<!-- /generated:x -->\nb', { x: 'new' })).toBe(
      'a\n<!-- generated:x -->\nnew\n<!-- /generated:x -->\nb',
    );
    expect(() => withBlocks('<!-- generated:x -->\nold', { x: 'new' })).toThrow('not closed');
    expect(() => withBlocks('<!-- generated:y -->\n<!-- /generated:y -->', { x: 'new' })).toThrow(
      'no block named y',
    );
  });

  test('the tree has every top-level folder, and no other', () => {
    const real = readdirSync(ROOT).filter((name) => statSync(join(ROOT, name)).isDirectory());
    const own = real.filter(
      (name) =>
        !name.startsWith('.') && !['node_modules', 'coverage', 'build', 'cdk.out'].includes(name),
    );
    const listed = FOLDERS.map(([path]) => path);
    expect(own.filter((name) => !listed.includes(`${name}/`))).toEqual([]);
    expect(listed.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('the recorded responses have the schema of the service', () => {
    const recording = JSON.parse(read(RECORDING));
    expect([...Value.Errors(ForecastResponse, recording.forecast)]).toEqual([]);
    const { model } = recording.model;
    expect([
      ...Value.Errors(ModelResponse, { ...recording.model, model: { ...model, metrics: null } }),
    ]).toEqual([]);
    expect(read('docs/forecast.svg')).toMatch(/^<svg [\s\S]*<\/svg>\s*$/);
  });
});

describe('commands and settings', () => {
  const shell = pages.flatMap(({ path, text }) =>
    shellLinesOf(text).map((line) => ({ path, line })),
  );

  test.each(leafCommands().map(({ name }) => name))('headway %s is documented', (name) => {
    expect(page('docs/reference.md')).toMatch(new RegExp(`\\| \`${name}( <\\w+>)*\` \\|`));
    expect(page('docs/reference.md')).toMatch(new RegExp(`^### headway ${name}( <\\w+>)*$`, 'm'));
  });

  test('every setting is documented, and every documented HEADWAY_ variable exists', () => {
    const names = describeSettings(readSettings({}, {}, { domain: 'x' })).map(({ name }) => name);
    expect(names.filter((name) => !page('docs/reference.md').includes(`\`${name}\``))).toEqual([]);
    const used = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\bHEADWAY_[A-Z_]*[A-Z]/g)].map((match) => ({ path, name: match[0] })),
    );
    expect(
      used.filter(({ name }) => !names.includes(name) && !name.startsWith('HEADWAY_TEST_')),
    ).toEqual([]);
  });

  test('every command line in the documents is valid', async () => {
    const lines = shell.flatMap((one) => {
      const args = headwayArguments(one.line);
      return args ? [{ ...one, args }] : [];
    });
    expect(lines.length).toBeGreaterThan(8);
    const wrong = await Promise.all(
      lines.map(async ({ path, line, args }) => ({ path, line, problem: await complaint(args) })),
    );
    expect(wrong.filter(({ problem }) => problem !== null)).toEqual([]);
  });

  test.each([
    ['featuers run', 'unknown command'],
    ['features run --sauce x', 'unknown option'],
    ['models promote', 'missing required argument'],
    ['train --steps many', 'whole number'],
  ])('the check detects the invalid line: headway %s', async (line, problem) => {
    expect(await complaint(wordsOf(line))).toContain(problem);
  });

  test('every file that a command line names exists', () => {
    // Of folders that hold code: what a command writes has another name.
    const FILE = /(?<![\w./$-])(?:\.ci|bench|clients|domains|infra|library|tests|tools)\/[\w./-]+/g;
    /** What the page has just written, and environments that it makes. */
    const MADE = /^(domains\/visits|tests\/unit\/domains\/visits|tools\/bin)\b/;
    const missing = shell.flatMap(({ path, line }) =>
      [...line.matchAll(FILE)]
        .map(([name]) => name.replace(/[.]$/, ''))
        .filter((name) => !MADE.test(name) && !existsSync(join(ROOT, name)))
        .map((name) => `${path}: ${name}`),
    );
    expect(missing).toEqual([]);
    expect(shell.filter(({ line }) => line.match(FILE)).length).toBeGreaterThan(3);
  });

  test('every shell block is valid shell', () => {
    const blocks = pages.flatMap(({ path, text }) =>
      fencesOf(text).flatMap(({ language, text: block }) =>
        language === 'sh' ? [{ path, code: block }] : [],
      ),
    );
    const program = blocks.map(({ code }, i) => `block_${i}() {\n:\n${code}\n}`).join('\n');
    const check = (text: string) => spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    expect(check(program).stderr).toBe('');
    expect(blocks.length).toBeGreaterThan(20);
    expect(check('for a in b; do').stderr).not.toBe('');
  });

  test('every npm script in the documents is in package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\bnpm (?:run ([a-z][a-z0-9:-]*)|(start|test))\b/g)].map((match) => ({
        path,
        script: (match[1] ?? match[2]) as string,
      })),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ script }) => !(script in scripts))).toEqual([]);
  });
});

describe('curl lines', () => {
  const lines = pages.flatMap(({ path, text }) =>
    shellLinesOf(text)
      .filter((line) => line.startsWith('curl '))
      .map((line) => ({ path, line })),
  );
  let app: App;
  beforeAll(async () => {
    const named = lines.flatMap(({ line }) =>
      [...line.matchAll(/series\/([^/]+)\/|"([^"]+)"(?=[,\]])/g)].map(
        (match) => match[1] ?? match[2],
      ),
    );
    const actuals = openActualsLog({ store: memoryObjectStore(), domain: 'demo' });
    app = await createFixture({ ids: [...new Set(named as string[])] }).build({ actuals });
  });
  afterAll(() => app.close());

  test.each(lines)('$line is served', async ({ line }) => {
    const words = wordsOf(line);
    const flag = (name: string) =>
      words.includes(name) ? words[words.indexOf(name) + 1] : undefined;
    const url = new URL(words.find((word) => word.startsWith('http')) as string);
    const [header, value] = (flag('-H') ?? 'accept: */*').split(': ') as [string, string];
    const body = flag('-d');
    const reply = await app.inject({
      method: body === undefined ? 'GET' : 'POST',
      url: `${url.pathname}${url.search}`,
      headers: { [header]: value },
      ...(body === undefined ? {} : { payload: body }),
    });
    expect(reply.statusCode).toBe(200);
  });
});

test('every series in documents and API examples exists in the demo city', () => {
  const { examples } = SeriesId as { examples?: readonly string[] };
  const named = [
    ...pages
      // Two make a domain of their own; in the third `--series` of a bench is how many.
      .filter(({ path }) => !/(fork|make-it-yours|scaling)\.md$/.test(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/(?:--series |\/series\/|"seriesId": ?")(\d+)/g)].map(
          ([, id]) => `${path}: ${id}`,
        ),
      ),
    ...(examples ?? []).map((id) => `the API: ${id}`),
  ];
  expect(named.length).toBeGreaterThan(10);
  const smallest = createCityDemand(1, 24);
  const ids = new Set(smallest.places.map(({ seriesId }) => seriesId));
  expect(named.filter((one) => !ids.has(one.split(': ')[1] as string))).toEqual([]);
});

describe('links', () => {
  test('every relative link and every anchor has a target', () => {
    const broken = pages.flatMap(({ path, text }) =>
      linksOf(text)
        // GitHub resolves the badge's address against the repository, also in a fork.
        .filter((target) => !/^[a-z]+:|^..\/..\/actions\//.test(target))
        .filter((target) => !leadsSomewhere(path, target))
        .map((target) => `${path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  const leadsSomewhere = (from: string, target: string): boolean => {
    const [file = '', anchor] = target.split('#') as [string, string?];
    const path = file === '' ? from : posix.normalize(posix.join(posix.dirname(from), file));
    if (!existsSync(join(ROOT, path))) return false;
    return anchor === undefined || !path.endsWith('.md') || anchorsOf(read(path)).has(anchor);
  };

  /** `[`name`](file.ts)`: names that are not in the file. */
  const strayNames = (path: string, text: string): string[] =>
    [...text.matchAll(/\[`(\w+)`\]\(([^)#]+\.tsx?)\)/g)]
      .filter(([, name, file]) => {
        const target = join(ROOT, posix.join(posix.dirname(path), file as string));
        return (
          !existsSync(target) || !new RegExp(`\\b${name}\\b`).test(readFileSync(target, 'utf8'))
        );
      })
      .map(([link]) => `${path}: ${link}`);

  test('a linked file contains the name in the link text', () => {
    expect(pages.flatMap(({ path, text }) => strayNames(path, text))).toEqual([]);
    expect(strayNames('docs/a.md', '[`noSuchName`](../forecasting/panel/panel.ts)')).toHaveLength(
      1,
    );
    expect(strayNames('docs/a.md', '[`Panel`](../forecasting/panel/panel.ts)')).toEqual([]);
  });

  test('the tour and the interview page link to code and tests', () => {
    const counts = ['docs/tour.md', 'docs/interview.md'].map(
      (path) => linksOf(page(path)).filter((target) => /\.ts$/.test(target)).length,
    );
    expect(Math.min(...counts)).toBeGreaterThan(20);
  });

  test('the check detects a link and an anchor without a target', () => {
    expect(leadsSomewhere('docs/architecture.md', '../README.md')).toBe(true);
    expect(leadsSomewhere('README.md', 'docs/glossary.md#metrics')).toBe(true);
    expect(leadsSomewhere('README.md', 'docs/glossary.md#nothing')).toBe(false);
    expect(leadsSomewhere('README.md', 'docs/nothing.md')).toBe(false);
    expect(leadsSomewhere('README.md', '#two-commands')).toBe(true);
  });

  test('anchors equal those of GitHub', () => {
    const headings = '# A `b` & C: d\n## A\n## A\n```sh\n# no heading\n```\n## [Link](x.md) – y';
    expect([...anchorsOf(headings)]).toEqual(['a-b--c-d', 'a', 'a-1', 'link--y']);
    expect(
      linksOf(
        '[a](b.md) `[c](d.md)` <img src="e.svg"> <!-- [f](g.md) -->\n```md\n[h](i.md)\n```\n',
      ),
    ).toEqual(['b.md', 'e.svg']);
  });

  test('the README can be read in four minutes', () => {
    const prose = fencesOf(page('README.md')).reduce(
      (text, fence) => text.replace(fence.text, ''),
      page('README.md'),
    );
    const words = prose
      .replace(/^\|.*$/gm, '')
      .replace(/<[^>]*>/g, '')
      .split(/\s+/).length;
    expect(words).toBeLessThan(1300);
  });
});
