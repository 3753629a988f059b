/**
 * Purpose: records what the repository alone cannot compute: the output and chart of the demo, and
 * responses of the HTTP service that it starts. `npm run readme -- --record`, about a minute; and
 * `-- --record-tests` for the end of `npm test`.
 * Invariants: the demo runs as a user runs it, in an empty store; only what differs between
 * machines (temporary folder, port) is replaced by its default; a run that fails records nothing.
 * Fails: a plain Error with the last output of the failed command.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Recording {
  /** Standard output of `npm start`, whole. */
  readonly demo: string;
  /** GET `forecastPath`: three steps of the series that the demo shows. */
  readonly forecast: Record<string, unknown>;
  readonly forecastPath: string;
  /** GET /v1/model, without its figures. */
  readonly model: Record<string, unknown>;
  /** The last lines of `npm test`. */
  readonly tests: string;
}

export async function recordDemo(root: string, svgPath: string): Promise<Omit<Recording, 'tests'>> {
  const folder = await mkdtemp(join(tmpdir(), 'headway-readme-'));
  const places = ['--store', `file:${join(folder, 'store')}`, '--work', join(folder, 'work')];
  const child = start(root, [
    '--import',
    'tsx',
    'cli/headway.ts',
    'start',
    '--port',
    '0',
    '--log-level',
    'error',
    ...places,
  ]);
  try {
    const ready = await child.says(/One forecast +curl (http:\/\/[^/]+)(\S+)\n/);
    const [, origin, path] = ready as unknown as [string, string, string];
    const forecastPath = `${path}?horizon=3`;
    await child.says(/Press Ctrl-C/);
    const forecast = await fetchJson(`${origin}${forecastPath}`);
    const { model, ...rest } = (await fetchJson(`${origin}/v1/model`)) as {
      model: Record<string, unknown>;
    };
    await copyFile(join(folder, 'work', 'taxi-forecast.svg'), svgPath);
    child.process.kill('SIGINT');
    const demo = (await child.end()).output
      .replaceAll(origin, 'http://127.0.0.1:8080')
      .replaceAll(join(folder, 'store'), './.headway')
      .replaceAll(join(folder, 'work'), '.headway/work');
    const { metrics: _, ...card } = model;
    return { demo, forecast, forecastPath, model: { ...rest, model: card } };
  } finally {
    child.process.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

export async function recordTests(root: string): Promise<Pick<Recording, 'tests'>> {
  const jest = ['node_modules/jest/bin/jest.js', '--selectProjects', 'unit', '--silent'];
  // Jest reports on standard error; what tests print is on standard output.
  const { errors } = await start(root, jest).end();
  const summary = errors.split('\n').filter((line) => /^(Test Suites|Tests|Time):/.test(line));
  return { tests: summary.join('\n') };
}

async function fetchJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`${url} responded with ${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

interface Started {
  readonly process: ChildProcess;
  /** Resolves when standard output matches; rejects when the process ends before that. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** What was written, once the process has ended well. */
  end(): Promise<{ readonly output: string; readonly errors: string }>;
}

function start(root: string, args: readonly string[]): Started {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const failed = (code: number | null) =>
    new Error(`ended with ${code}:\n${`${output}${errors}`.slice(-2000)}`);
  return {
    process: child,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(output);
          if (match) resolve(match);
        };
        look();
        child.stdout.on('data', look);
        ended.then((code) => reject(failed(code)), reject);
      }),
    async end() {
      const code = await ended;
      if (code !== 0) throw failed(code);
      return { output, errors };
    },
  };
}
