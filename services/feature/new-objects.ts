/**
 * Purpose: the objects that a run commits: of each part its values and, where it takes some away
 * (withdrawals.ts), an object without a row in their place.
 * Invariants: the values of a part follow what it takes away, so that they are its newest version.
 * Fails: as writing a file does.
 */
import { join } from 'node:path';
import type { Domain } from '../../domains/domain.ts';
import { withDuckDB } from '../../platform/duckdb/duckdb.ts';
import type { NewFeatureObject } from '../../storage/features/manifest.ts';
import { type AggregatedPart, writeValues } from './aggregation/aggregate.ts';
import { committedFingerprint } from './part-content.ts';
import type { Withdrawal } from './withdrawals.ts';

export interface NewObjectsOptions {
  readonly domain: Domain;
  readonly fresh: readonly AggregatedPart[];
  readonly withdrawn: readonly Withdrawal[];
  /** For a file without a row. */
  readonly folder: string;
  readonly availableAt: number;
  /** Whether a person accepted these parts. */
  readonly isAccepted: boolean;
}

export async function objectsOf(options: NewObjectsOptions): Promise<NewFeatureObject[]> {
  const { domain, fresh, withdrawn, folder, availableAt, isAccepted } = options;
  const nameOf = (made: AggregatedPart) => {
    const { name, feed, fingerprint } = made.part;
    // Accepted is the content as it is read now: it is not judged again for what is left out.
    const content = isAccepted ? fingerprint : committedFingerprint(made, domain);
    return { availableAt, feed, part: name, fingerprint: content };
  };
  const empty = withdrawn.length > 0 ? await writeNothing(folder, availableAt) : '';
  return [
    ...withdrawn.map(({ made, span }) => ({
      ...{ path: empty, rows: 0, span, rowsIn: 0, rowsUsed: 0, rejected: {} },
      ...nameOf(made),
    })),
    ...fresh.map((made) => {
      const { path, rows, span, rowsIn, rowsUsed, rejected } = made;
      return { path, rows, span, rowsIn, rowsUsed, rejected, ...nameOf(made) };
    }),
  ];
}

/** A file without a row: the same for all withdrawals of a run. */
async function writeNothing(folder: string, availableAt: number): Promise<string> {
  const path = join(folder, 'nothing.parquet');
  const nothing = "(SELECT '' AS series, 0 AS utc, 0 AS value WHERE false)";
  await withDuckDB({ threads: 1 }, (connection) =>
    writeValues(connection, nothing, path, availableAt),
  );
  return path;
}
