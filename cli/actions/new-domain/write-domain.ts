/**
 * Purpose: writes the folder of a new domain, its test with a sample of the data, and its line in
 * domains/index.ts.
 * Invariants: no file is overwritten but domains/index.ts; the text is as the formatter has it; the
 * test states what the definition reads of the sample.
 * Fails: SOURCE_INVALID where domains/index.ts does not look as it does here; with the error of the
 * file system.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Guess } from '../../../domains/sources/guess/guess.ts';
import { isRemote, type TableDomain, tableDomain } from '../../../domains/sources/table.ts';
import { systemClock } from '../../../platform/clock.ts';
import { rowsOf, withDuckDB } from '../../../platform/duckdb/duckdb.ts';
import { parquetFiles } from '../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { silentProgress } from '../../../platform/progress.ts';
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import { embeddedEngine } from '../../../services/feature/aggregation/aggregate.ts';
import { readParts } from '../../../services/feature/sources/read-parts.ts';
import type { Data } from './data.ts';
import { writeSample } from './sample.ts';
import { definitionText, identifierOf, readmeText, type SampleRead, testText } from './texts.ts';

export interface WriteOptions {
  readonly root: string;
  readonly fields: TableDomain;
  readonly guess: Guess;
  readonly data: Data;
  /** As the user gave it. */
  readonly from: string;
}

export interface Written {
  /** Relative to the root. */
  readonly files: readonly string[];
}

export async function writeDomain({
  root,
  fields,
  guess,
  data,
  from,
}: WriteOptions): Promise<Written> {
  const { name } = fields;
  const isSourceKept = fields.defaultSource !== undefined;
  const definition = isSourceKept ? { ...fields, defaultSource: sourceIn(root, from) } : fields;
  const index = join(root, 'domains/index.ts');
  const indexText = withDomain(await readFile(index, 'utf8'), name);
  const folder = join('domains', name);
  const tests = join('tests/unit/domains', name);
  const sample = await writeSample(join(root, tests, 'sample'), data, fields);
  const read = await readSample(fields, join(root, tests, 'sample'), data);
  const texts = {
    [join(folder, 'definition.ts')]: definitionText(definition),
    [join(folder, 'README.md')]: readmeText(definition, guess),
    [join(tests, 'definition.test.ts')]: testText(name, read),
  };
  for (const [path, text] of Object.entries(texts)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text, { flag: 'wx' });
  }
  await writeFile(index, indexText);
  return {
    files: [
      ...Object.keys(texts),
      ...sample.map((path) => relative(root, path)),
      'domains/index.ts',
    ],
  };
}

/** Relative to the repository where the data lie in it: a clone finds them too. */
function sourceIn(root: string, from: string): string {
  if (isRemote(from)) return from;
  const path = relative(root, resolve(from));
  return path.startsWith('..') || isAbsolute(path) ? from : path;
}

/** The text of domains/index.ts with one more domain. */
export function withDomain(text: string, name: string): string {
  const imports = /((?:import (?:type )?\{ \w+ \} from '\.\/[\w/-]+\.ts';\n)+)/.exec(text);
  const list = /export const domains: readonly Domain\[\] = \[([^\]]*)\];/.exec(text);
  if (imports === null || list === null) {
    throw new HeadwayError('SOURCE_INVALID', 'domains/index.ts has no list of domains', {
      where: 'domains/index.ts',
      fix: 'Restore `export const domains: readonly Domain[] = […]` with its imports above it.',
    });
  }
  const id = identifierOf(name);
  const lines = (imports[1] ?? '').trimEnd().split('\n');
  lines.push(`import { ${id} } from './${name}/definition.ts';`);
  const pathOf = (line: string) => line.slice(line.indexOf("'"));
  lines.sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
  const ids = [...(list[1] ?? '').split(',').map((one) => one.trim()), id].filter(Boolean);
  const short = `export const domains: readonly Domain[] = [${ids.join(', ')}];`;
  const long = ids.map((one) => `  ${one},\n`).join('');
  const all =
    short.length <= 100 ? short : `export const domains: readonly Domain[] = [\n${long}];`;
  return text.replace(imports[0], `${lines.join('\n')}\n`).replace(list[0], all);
}

const MAX_VALUES = 3;

/** What the definition reads of the sample. */
async function readSample(fields: TableDomain, folder: string, data: Data): Promise<SampleRead> {
  const domain = tableDomain(fields);
  const work = join(data.rawFolder, 'sample-work');
  await mkdir(work, { recursive: true });
  try {
    const context = { rawFolder: data.rawFolder, clock: systemClock, logger: silentLogger };
    const source = await domain.openSource(folder, { ...context, progress: silentProgress });
    const read = await readParts({
      ...{ domain, parts: await source.parts(), progress: silentProgress, folder: work },
      ...{ availableAt: systemClock.now(), memoryLimitMb: 512, isAccepted: true },
      engine: embeddedEngine,
    });
    const made = read.flatMap((part) => part.made ?? []);
    const [first] = made;
    if (first === undefined) throw new Error('the sample has no part');
    const rows = await withDuckDB({ threads: 1 }, (connection) =>
      rowsOf(
        connection,
        `SELECT series_id || '@' || epoch_ms(timestamp) AS key, sum(target)::DOUBLE AS value
         FROM ${parquetFiles(made.map(({ path }) => path))} GROUP BY ALL ORDER BY key
         LIMIT ${MAX_VALUES}`,
      ),
    );
    return {
      ...{ rowsIn: first.rowsIn, rowsUsed: first.rowsUsed, rejected: first.rejected },
      values: rows.map(({ key, value }) => [String(key), Number(value)]),
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
