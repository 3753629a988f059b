/**
 * Purpose: `headway scenarios`: sample paths of all series together as a Parquet file.
 * Invariants: one row a path, series and step; memory holds one series at a time; a series without
 * a forecast is left out and counted.
 * Fails: as `issue` of forecast.ts; with the engine's error where the file cannot be written.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { timestampAt } from '../../../forecasting/panel/panel.ts';
import { nameRows, withSqlSession } from '../../../platform/duckdb/session.ts';
import { sqlFilename } from '../../../platform/duckdb/sql.ts';
import type { CommandContext } from '../../context.ts';
import { hasForecast, issuedPaths } from './issued-paths.ts';

export interface ScenariosFlags {
  readonly out: string;
  readonly paths: number;
  readonly draw: number;
}

export async function scenariosCommand(
  context: CommandContext,
  { out, paths: count, draw }: ScenariosFlags,
): Promise<void> {
  const { issued, modelVersion, paths } = await issuedPaths(context, { count, draw });
  const { panel, cutoff, entry } = issued;
  const { horizon, seriesIds, snapshotVersion } = entry;
  const rows = [...seriesIds.keys()].filter((row) => hasForecast(entry, row));
  const file = resolve(out);
  await mkdir(dirname(file), { recursive: true });
  const path = Int32Array.from({ length: count * horizon }, (_, i) => Math.floor(i / horizon));
  const step = Int32Array.from({ length: count * horizon }, (_, i) => (i % horizon) + 1);
  await withSqlSession(async (session) => {
    await session.run(
      'CREATE TEMP TABLE paths (path INTEGER, position INTEGER, step INTEGER, y FLOAT)',
    );
    await nameRows(session, seriesIds);
    for (const row of rows) {
      const position = new Int32Array(count * horizon).fill(row);
      await session.insert('paths', [path, position, step, paths.ofSeries(row)]);
    }
    const first = `make_timestamp(${timestampAt(panel, cutoff)}::BIGINT * 1000)`;
    await session.run(
      `COPY (SELECT path, id AS unique_id, ${first} + to_minutes(step::BIGINT * ` +
        `${panel.frequencyMinutes}) AS ds, step, y FROM paths JOIN series USING (position) ` +
        `ORDER BY path, unique_id, step) TO ${sqlFilename(file)} (FORMAT parquet, ` +
        'COMPRESSION zstd)',
    );
  });
  const leftOut = seriesIds.length - rows.length;
  context.print(
    `${count} paths of ${rows.length} series × ${horizon} steps: ${out}` +
      (leftOut > 0 ? `; ${leftOut} series without a forecast are left out.` : '.'),
  );
  const cutoffTime = new Date(entry.cutoff).toISOString();
  context.printJson({
    ...{ file, paths: count, draw, series: rows.length, leftOut, horizon },
    ...{ cutoff: cutoffTime, modelVersion, snapshotVersion },
  });
}
