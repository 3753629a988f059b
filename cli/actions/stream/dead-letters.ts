/**
 * Purpose: `headway stream dead-letters`: records that are not events, with the evidence.
 * Invariants: the bytes of a record are shown as text where they are text, else as base64.
 * Fails: as the stream log does.
 */
import { rowsOf, withDuckDB } from '../../../platform/duckdb/duckdb.ts';
import { parquetFiles } from '../../../platform/duckdb/sql.ts';
import type { CommandContext } from '../../context.ts';

const DEFAULT_LIMIT = 20;
const MAX_TEXT = 200;

export async function deadLettersCommand(
  context: CommandContext,
  { topic, limit = DEFAULT_LIMIT }: { readonly topic: string; readonly limit?: number },
): Promise<void> {
  const log = await context.stream(topic);
  const entries = (await log.entries()).filter(({ reasons }) => Object.keys(reasons).length > 0);
  const letters: Record<string, unknown>[] = [];
  for (const { segments } of entries.reverse()) {
    if (letters.length >= limit) break;
    const paths = await Promise.all(segments.map((segment) => log.segmentPath(segment)));
    const rows = await withDuckDB({ threads: 1 }, (connection) =>
      rowsOf(
        connection,
        'SELECT partition, "offset", published, reason, ' +
          'coalesce(try(decode(evidence)), to_base64(evidence)) AS value ' +
          `FROM ${parquetFiles(paths)} WHERE reason IS NOT NULL ` +
          `ORDER BY published DESC, partition, "offset" DESC LIMIT ${limit - letters.length}`,
      ),
    );
    letters.push(...rows);
  }
  for (const { partition, offset, reason, value } of letters)
    context.print(`${partition}:${offset} ${reason}: ${String(value ?? '').slice(0, MAX_TEXT)}`);
  context.print(letters.length === 0 ? 'No dead letters.' : `${letters.length} dead letters.`);
  context.printJson(letters);
}
