/**
 * Purpose: `headway panel export`: the panel for other tools, as CSV, Arrow or Parquet: unique_id,
 * ds, y.
 * Invariants: timestamps are UTC starts of intervals; an unknown value is an empty field or a
 * null, never 0.
 * Fails: USAGE for a timestamp that cannot be read; SNAPSHOT_EMPTY.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { panelCsv } from '../../forecasting/panel/csv.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { encodeTable } from '../../platform/tables/encode-table.ts';
import type { TableFormat } from '../../platform/tables/table.ts';
import { panelTable } from '../../services/inference/responses/actuals-response.ts';
import type { CommandContext } from '../context.ts';

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
  await mkdir(dirname(flags.out), { recursive: true });
  await pipeline(Readable.from(parts), createWriteStream(flags.out));
  context.print(`${panel.seriesIds.length} series × ${panel.length} intervals: ${flags.out}`);
  context.printJson({ file: flags.out, series: panel.seriesIds.length, intervals: panel.length });
}

/** Writes a file, and the folder that it lies in. */
export async function writeNewFile(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

export function timestamp(text: string, flag: string): number {
  const value = /^\d{4}-\d\d-\d\d/.test(text)
    ? Date.parse(/[Zz]$|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`)
    : Number.NaN;
  if (Number.isFinite(value) && isDay(text.slice(0, 10))) return value;
  throw new HeadwayError('USAGE', `${flag} ${JSON.stringify(text)} is not a timestamp`, {
    fix: 'Write it as 2023-12-31T23:00:00Z.',
  });
}

/** Date.parse reads 31 February as 3 March. */
const isDay = (day: string): boolean =>
  new Date(Date.parse(`${day}T00:00:00Z`)).toISOString().startsWith(day);
