/**
 * Purpose: `headway config`: every setting, its value, and where it came from.
 * Invariants: secrets are masked.
 * Fails: never; invalid settings are refused before.
 */
import Table from 'cli-table3';
import { describeSettings } from '../../platform/settings/settings.ts';
import type { CommandContext } from '../context.ts';

export async function listSettings(context: CommandContext): Promise<void> {
  const rows = describeSettings(context.settings);
  const table = new Table({
    head: ['setting', 'value', 'source', 'default', 'unit', 'description'],
    style: { head: [], border: [] },
    colWidths: [null, 26, null, 20, 16, 48],
    wordWrap: true,
  });
  for (const row of rows)
    table.push([row.name, row.value, row.source, row.default, row.unit, row.description]);
  context.print(table.toString());
  context.printJson(rows);
}
