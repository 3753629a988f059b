/**
 * Purpose: the generated parts of the Markdown pages: what each block holds, and how blocks are put
 * into a page.
 * Invariants: the same repository gives the same blocks; text outside the markers is never touched.
 * Fails: a plain Error for a marker that is not closed, names no block, or a recording that lacks
 * what a block shows.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandTable, flagSections, settingsTable } from './command-tables.ts';
import { tree } from './folders.ts';
import { GUARANTEES } from './guarantees.ts';
import type { Recording } from './record.ts';
import {
  type AccuracyResult,
  accuracyTable,
  type MatmulResult,
  matmulTable,
  type PeerResult,
} from './results-tables.ts';

export const PAGES = [
  'README.md',
  'docs/architecture.md',
  'docs/reference.md',
  'docs/fork.md',
  'docs/benchmarks.md',
  'docs/guarantees.md',
];
export const RECORDING = 'tools/readme/recorded.json';
export const EXAMPLE = 'tools/example-domain/definition.ts';

/** Block name → text, all from files of the repository. */
export function generatedBlocks(root: string): Record<string, string> {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const json = <T>(path: string): T => JSON.parse(read(path)) as T;
  const result = <T>(name: string): T | null =>
    existsSync(join(root, `bench/results/${name}.json`))
      ? json<T>(`bench/results/${name}.json`)
      : null;
  const recording = json<Recording>(RECORDING);
  const results = [
    ['Green cabs of New York City, 2023', 'trips per hour', 'taxi'],
    ['PJM electricity load', 'MW', 'electricity'],
  ] as const;
  return {
    demo: fenced('text', shortenDemo(recording.demo)),
    tests: fenced('text', recording.tests),
    curl: fenced('sh', curlLines(recording)),
    'forecast-response': fenced(
      'json',
      JSON.stringify(recording.forecast, null, 2).replace(/\[\s+([^[\]]*?)\s+\]/g, inline),
    ),
    tree: tree(),
    guarantees: GUARANTEES.map(
      ([promise, test]) => `- ${promise} ([${test.slice(test.lastIndexOf('/') + 1)}](../${test}))`,
    ).join('\n'),
    commands: commandTable(),
    flags: flagSections(),
    settings: settingsTable(),
    results: results
      .flatMap(([title, unit, name]) => {
        const own = result<AccuracyResult>(name);
        return own ? [accuracyTable(title, unit, own, result<PeerResult>(`${name}-peer`))] : [];
      })
      .join('\n\n'),
    matmul: matmulTable(json<MatmulResult>('bench/results/matmul.json')),
    'example-domain': fenced('ts', asInFork(read(EXAMPLE))),
  };
}

const MARKER = /<!-- generated:([a-z-]+) -->\n[\s\S]*?<!-- \/generated:\1 -->/g;

/** The page with every block brought up to date. */
export function withBlocks(page: string, blocks: Readonly<Record<string, string>>): string {
  const opened = [...page.matchAll(/<!-- generated:([a-z-]+) -->/g)].map((match) => match[1]);
  const closed = [...page.matchAll(MARKER)].map((match) => match[1]);
  const unclosed = opened.find((name) => !closed.includes(name));
  if (unclosed) throw new Error(`the block ${unclosed} is not closed`);
  return page.replace(MARKER, (_, name: string) => {
    const block = blocks[name];
    if (block === undefined) throw new Error(`there is no block named ${name}`);
    return `<!-- generated:${name} -->\n${block}\n<!-- /generated:${name} -->`;
  });
}

const fenced = (language: string, text: string): string =>
  `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
const inline = (_: string, inside: string): string => `[${inside.replace(/\s+/g, ' ')}]`;

/** Requests of series that the recorded city has; the second one is the one that was recorded. */
function curlLines({ demo, forecast, forecastPath }: Recording): string {
  const busiest = /│ busiest +│ +│ (\S+) \(/.exec(demo)?.[1];
  if (busiest === undefined)
    throw new Error('the recorded demo names no busiest series; run npm run readme -- --record');
  const body = JSON.stringify({
    seriesIds: [...new Set([forecast.seriesId, busiest])],
    horizon: 6,
  });
  return `curl http://127.0.0.1:8080/v1/series
curl 'http://127.0.0.1:8080${forecastPath}'
curl http://127.0.0.1:8080/v1/forecasts -H 'content-type: application/json' -d '${body}'
curl http://127.0.0.1:8080/v1/model
curl http://127.0.0.1:8080/health/ready`;
}

/** The example lies two folders deep, as a domain does; only the way to the Domain type differs. */
const asInFork = (text: string): string => text.replaceAll("'../../domains/", "'../");

/** The network against the oracle, as this release and the one before print it. */
const ORACLE_LINE = /^(MAE of the network above|Regret against) the oracle/;

/**
 * Lines of the demo that show the result; the tables without their frames and with fewer columns.
 */
function shortenDemo(demo: string): string {
  const lines = demo.split('\n');
  const from = (pattern: RegExp): number => {
    const index = lines.findIndex((line) => pattern.test(line));
    if (index < 0)
      throw new Error(
        `the recorded demo has no line like ${pattern}; run npm run readme -- --record`,
      );
    return index;
  };
  const quality = lines.filter(
    (line) => /^│ (rows in|rows used|rejected|series) /.test(line) || /^│ rejected:/.test(line),
  );
  const backtest = lines
    .slice(from(/^All series$/), from(ORACLE_LINE))
    .filter((line) => line.startsWith('│'));
  const end = lines.findIndex((line) => line.startsWith('Stopping'));
  const step = (number: number) => lines[from(new RegExp(`^\\[${number}/4\\]`))] as string;
  return [
    step(1),
    ...aligned(quality, [0, 1]),
    lines[from(/^Snapshot .* committed/)],
    '',
    step(2),
    ...aligned(backtest, [0, 1, 2, 3, 4, 8, 9]),
    lines[from(ORACLE_LINE)],
    lines[from(/^Model \S+ \(/)],
    '',
    step(3),
    lines[from(/^Chart: /)],
    '',
    ...lines.slice(from(/^\[4\/4\]/), end < 0 ? undefined : end),
  ].join('\n');
}

const pad = (cell: string, column: number, width: number): string =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width);

function aligned(rows: readonly string[], columns: readonly number[]): string[] {
  const cells = rows.map((row) => {
    const all = row.split('│').slice(1, -1);
    return columns.map((column) => (all[column] ?? '').trim());
  });
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => (row[i] as string).length)));
  return cells.map((row) =>
    `  ${row.map((cell, i) => pad(cell, i, widths[i] as number)).join('  ')}`.trimEnd(),
  );
}
