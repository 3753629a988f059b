/**
 * Purpose: what each folder is for, in one line: the tree of the README.
 * Invariants: tests/readme.test.ts holds that every top-level folder is here and that every path
 * here exists.
 * Fails: never.
 */
export const FOLDERS: readonly (readonly [path: string, what: string])[] = [
  ['domains/', 'what is forecast: the folder a fork edits'],
  ['domains/taxi/', 'trips from TLC files, downloads, or a simulated city'],
  ['domains/electricity/', 'hourly load from CSV files'],
  ['services/', 'they meet only in storage/, never in one another'],
  ['services/feature/', 'fetch → validate → aggregate → commit'],
  ['services/training/', 'backtest → fit → gate → register → promote'],
  ['services/inference/', 'the HTTP service'],
  ['forecasting/', 'pure mathematics: panel, calendar, inputs, backtest, metrics'],
  ['forecasting/models/', 'naive baselines and the network'],
  ['storage/', 'everything durable: feature store, model registry, forecast log'],
  ['platform/', 'settings, clock, randomness, errors, scheduler, TensorFlow backend'],
  ['reports/', 'charts, HTML pages and terminal views'],
  ['web/', 'the page in the browser'],
  ['clients/', 'clients of the HTTP API'],
  ['clients/typescript/', 'the TypeScript client of the HTTP API'],
  ['library/', 'the forecasting core for other programs: headway/forecasting'],
  ['tools/', 'what generates parts of the documents'],
  ['cli/', 'the commands; cli/headway.ts starts them'],
  ['bench/', 'what this page claims about speed and accuracy, as commands'],
  ['infra/', 'AWS, Kubernetes, what watches them, and what a month costs'],
  ['tests/', 'unit tests mirror the tree; integration, browser, S3 and crash tests'],
  ['docs/', 'architecture, store protocol, glossary, decisions, fork guide'],
  ['infra/npm-stubs/', 'shims for packages we refuse to install'],
];

/** Folders as a tree, annotated. */
export function tree(): string {
  const lines = FOLDERS.map(([path, what]) => {
    const names = path.split('/').filter(Boolean);
    return { label: `${'  '.repeat(names.length - 1)}${names.at(-1)}/`, what };
  });
  const width = Math.max(...lines.map(({ label }) => label.length));
  return [
    '```text',
    ...lines.map(({ label, what }) => `${label.padEnd(width)}  ${what}`),
    '```',
  ].join('\n');
}
