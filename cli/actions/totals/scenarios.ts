/**
 * Purpose: `headway scenarios`: sample paths of all series together as a Parquet file.
 * Invariants: one row a path, series and step; `step` counts from the cutoff, and a step on a
 * closed day has no row; memory holds one series at a time; a series without a forecast is left out
 * and counted.
 * Fails: as `issue` of forecast.ts; with the engine's error where the file cannot be written.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { openSteps } from '../../../forecasting/panel/closed-days.ts';
import { timestampAt } from '../../../forecasting/panel/panel.ts';
import { onlySteps } from '../../../forecasting/paths/totals.ts';
import { nameRows, withSqlSession } from '../../../platform/duckdb/session.ts';
import { sqlFilename } from '../../../platform/duckdb/sql.ts';
import { hasForecast } from '../../../services/inference/batch/issue-forecasts.ts';
import type { CommandContext } from '../../context.ts';
import { issuedPaths } from './issued-paths.ts';

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
  const open = openSteps(panel, cutoff, horizon, context.domain.closedWeekdays);
  const size = count * open.length;
  const path = Int32Array.from({ length: size }, (_, i) => Math.floor(i / open.length));
  const step = Int32Array.from({ length: size }, (_, i) => 1 + (open[i % open.length] as number));
  await withSqlSession(async (session) => {
    await session.run(
      'CREATE TEMP TABLE paths (path INTEGER, position INTEGER, step INTEGER, y FLOAT)',
    );
    await nameRows(session, seriesIds);
    for (const row of rows) {
      const position = new Int32Array(size).fill(row);
      const values = onlySteps(paths.ofSeries(row), horizon, open);
      await session.insert('paths', [path, position, step, values]);
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
    `${count} paths of ${rows.length} series × ${open.length} steps: ${out}` +
      (leftOut > 0 ? `; ${leftOut} series without a forecast are left out.` : '.'),
  );
  const cutoffTime = new Date(entry.cutoff).toISOString();
  context.printJson({
    ...{ file, paths: count, draw, series: rows.length, leftOut, horizon: open.length },
    ...{ cutoff: cutoffTime, modelVersion, snapshotVersion },
  });
}
