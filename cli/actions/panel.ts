/**
 * Purpose: `headway panel export`: the panel for other tools, as CSV, Arrow or Parquet: unique_id,
 * ds, y.
 * Invariants: timestamps are UTC starts of intervals; an unknown value is an empty field or a
 * null, never 0.
 * Fails: USAGE for a timestamp that cannot be read; SNAPSHOT_EMPTY.
 */
import { panelCsv } from '../../forecasting/panel/csv.ts';
import { encodeTable } from '../../platform/tables/encode-table.ts';
import type { TableFormat } from '../../platform/tables/table.ts';
import { panelTable } from '../../services/inference/responses/actuals-response.ts';
import type { CommandContext } from '../context.ts';
import { timestamp } from '../flags.ts';
import { writeOutput } from '../output.ts';

export interface ExportFlags {
  readonly out?: string;
  readonly format: 'csv' | TableFormat;
  readonly snapshot?: string;
  readonly cutoff?: string;
  readonly knownAt?: string;
}

export async function exportPanel(context: CommandContext, flags: ExportFlags): Promise<void> {
  const features = await context.features();
  const panel = await features.readAsOf({
    ...(flags.snapshot === undefined ? {} : { snapshotVersion: flags.snapshot }),
    ...(flags.cutoff === undefined ? {} : { cutoff: timestamp(flags.cutoff, '--cutoff') }),
    ...(flags.knownAt === undefined ? {} : { knownAt: timestamp(flags.knownAt, '--known-at') }),
  });
  const parts =
    flags.format === 'csv'
      ? panelCsv(panel)
      : [
          await encodeTable(
            panelTable(panel, [...panel.seriesIds.keys()], 0, panel.length),
            flags.format,
          ),
        ];
  if (flags.out === undefined) {
    for (const part of parts) process.stdout.write(part);
    return;
  }
  await writeOutput(flags.out, parts);
  context.print(`${panel.seriesIds.length} series × ${panel.length} intervals: ${flags.out}`);
  context.printJson({ file: flags.out, series: panel.seriesIds.length, intervals: panel.length });
}
