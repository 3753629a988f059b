/**
 * Purpose: every line of docs/readers.md, and the client of docs/protocols.md, runs as it stands:
 * the commands on a real store, the Python against the real service.
 * Invariants: where a Python package is absent its snippets are skipped, with a line that says so;
 * `npm run test:readers` installs all of them.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../platform/clock.ts';
import { startServer } from '../../services/inference/server.ts';
import { openLedger } from '../../storage/ledger/ledger.ts';
import { fileObjectStore } from '../../storage/objects/file-object-store.ts';
import { createFixture, IDS } from '../fakes/inference.ts';
import { SOURCE } from '../fixtures/cli/cli-worker.ts';
import { headway } from '../fixtures/cli/headway-process.ts';
import { fencesOf, shellLinesOf } from '../fixtures/docs/markdown.ts';
import { hour } from '../fixtures/storage/features.ts';
import { issueAt } from '../fixtures/storage/ledger.ts';
import { ROOT } from '../tidy/source-tree.ts';
import { runPython, withPackages } from './python.ts';

const page = readFileSync(path.join(ROOT, 'docs/readers.md'), 'utf8');
const SERVED = IDS.length - 1; // one is dead
const STEPS = 24;
const ISSUES = 5;

let folder: string;
let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'headway-readers-'));
  const env = {
    ...{ HEADWAY_STORE: `file:${path.join(folder, '.headway')}`, HEADWAY_DOMAIN: 'taxi' },
    ...{ HEADWAY_SOURCE: SOURCE, HEADWAY_WORK: path.join(folder, 'work') },
  };
  expect((await headway(['features', 'run'], env)).code).toBe(0);
  const ledger = openLedger({
    store: fileObjectStore(path.join(folder, '.headway')),
    ...{ domain: 'taxi', clock: fixedClock(hour(0)) },
  });
  const made = { quantiles: [0.1, 0.5, 0.9], values: Array.from({ length: 12 }, (_, i) => i) };
  for (let i = 0; i < ISSUES; i++)
    await ledger.append([issueAt(i, made), issueAt(i, { ...made, forecaster: 'naive' })]);
  for (const line of shellLinesOf(page)) {
    const [, , , , command = '', ...rest] = line.split(' ');
    const args = [command, ...rest].join(' ').match(/"[^"]*"|\S+/g) ?? [];
    const named = args.map((arg) =>
      arg.replaceAll('"', '').replace(/^(\w+\.parquet)$/, `${folder}/$1`),
    );
    const { code, stderr } = await headway(named, env);
    expect([line, code, stderr]).toEqual([line, 0, expect.any(String)]);
  }
  server = await startServer({
    ...createFixture().options,
    ...{ host: '127.0.0.1', port: 0, refreshIntervalMs: 3_600_000, closeTimeoutMs: 2000 },
  });
}, 240_000);
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const kserve = fencesOf(readFileSync(path.join(ROOT, 'docs/protocols.md'), 'utf8')).find(
  ({ language }) => language === 'python',
);
withPackages('kserve.protocol.rest.timeseries.types')(
  "docs/protocols.md: KServe's own classes send a request and read the response",
  async () => {
    const code = `${kserve?.text.replace('http://127.0.0.1:8080', server.url)}
[made] = forecast.outputs[0].content
assert len(made.mean_forecast) == 24 and len(made.quantiles['0.9']) == 24
assert all(a <= b <= c for a, b, c in zip(*(made.quantiles[q] for q in ['0.1', '0.5', '0.9'])))
`;
    expect(await runPython(code, folder)).toMatch(/^\[\d/);
  },
);

/** Lines that a snippet gets after it: what it made must hold. */
const CHECKS = [
  `assert len(forecasts) == ${SERVED * STEPS} and str(forecasts['ds'].dtype.tz) == 'UTC'`,
  `assert len(forecasts) == ${SERVED * 12}`,
  `assert forecasts.height == ${SERVED * STEPS} and forecasts['mean'].null_count() == 0`,
  `assert len(duckdb.sql("FROM 'ledger.parquet'").fetchall()) == ${ISSUES * 8}
panel = duckdb.sql("SELECT count(DISTINCT unique_id), min(y) FROM 'panel.parquet'")
assert panel.fetchall() == [(4, 0)]`,
  `assert len(ledger.fetchall()) == ${ISSUES * 8}`,
  `back = pandas.read_excel('panel.xlsx')
assert len(back) == 1000 and (back['y'] == panel['y'].tail(1000).values).all()`,
];
const snippets = fencesOf(page).filter(({ language }) => language === 'python');

describe('docs/readers.md', () => {
  test('each snippet has a check', () => expect(snippets).toHaveLength(CHECKS.length));

  for (const [i, { text }] of snippets.entries()) {
    const names = [...text.matchAll(/^import (.+)$/gm)].flatMap(([, all = '']) => all.split(', '));
    if (text.includes("read_parquet('")) names.push('pyarrow');
    if (text.includes('to_excel')) names.push('openpyxl');
    const packages = names.map((name) => name.split('.')[0] as string);
    withPackages(...packages)(`snippet ${i + 1}: ${packages.join(', ')}`, async () => {
      const code = `${text.replaceAll('http://127.0.0.1:8080', server.url)}\n${CHECKS[i]}\n`;
      const stdout = await runPython(code, folder);
      if (text.includes('print(')) expect(stdout).not.toBe('');
    });
  }
});
