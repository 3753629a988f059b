/**
 * Purpose: what the tests of domains and of the feature service share: a folder of their own, a
 * source and a run of it.
 * Invariants: the folder goes with `remove`; the clock stands still until it is moved.
 * Fails: as what it calls.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Domain, SourceContext } from '../../domains/domain.ts';
import { fixedClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { silentProgress } from '../../runtime/progress.ts';
import { sqlFilename } from '../../runtime/sql.ts';
import { runFeatures } from '../../services/feature/run.ts';
import { memoryFeatureStore } from '../services/feature/memory-feature-store.ts';

export async function featureBench(domain: Domain, now = '2026-11-22T04:30:00Z') {
  const folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
  const clock = fixedClock(Date.parse(now));
  const context: SourceContext = {
    rawFolder: join(folder, 'raw'),
    clock,
    logger: silentLogger,
    progress: silentProgress,
  };
  const features = memoryFeatureStore(domain.name, clock);
  const workFolder = join(folder, 'work');
  await mkdir(join(folder, 'in'));
  return {
    folder,
    /** Where a test puts its raw files. */
    input: join(folder, 'in'),
    workFolder,
    clock,
    context,
    features,
    async run(spec: string = join(folder, 'in')) {
      const source = await domain.openSource(spec, context);
      return runFeatures({
        domain,
        source,
        features,
        workFolder,
        clock,
        logger: silentLogger,
        progress: silentProgress,
      });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export type FeatureBench = Awaited<ReturnType<typeof featureBench>>;

/** Runs SQL in an engine of its own and returns the rows. */
export async function sql(...statements: string[]): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    let rows: unknown[][] = [];
    for (const statement of statements)
      rows = (await connection.runAndReadAll(statement)).getRowsJS() as unknown[][];
    return rows;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Writes the result of a query as a Parquet file. */
export const writeParquet = (path: string, query: string): Promise<unknown> =>
  sql(`COPY (${query}) TO ${sqlFilename(path)} (FORMAT parquet)`);

export const utc = (text: string): number => Date.parse(`${text}:00:00Z`);
