/**
 * Purpose: `headway features sql`: the statements that aggregate one raw part, as they are sent to
 * an engine; and the engine of the settings.
 * Invariants: nothing is sent or changed; the range of local times comes from the part itself, as
 * the first statement would return it.
 * Fails: as raw-part.ts; USAGE for a missing address, SOURCE_INVALID where the source cannot be
 * expressed in portable SQL.
 */
import { join } from 'node:path';
import type { Settings } from '../../../platform/settings/settings.ts';
import {
  embeddedEngine,
  type PartEngine,
} from '../../../services/feature/aggregation/aggregate.ts';
import {
  countStatement,
  duckdbDialect,
  probeStatement,
  trinoDialect,
} from '../../../services/feature/aggregation/engines/portable-sql.ts';
import {
  embeddedQueries,
  probe,
  queryingEngine,
  segmentsOf,
} from '../../../services/feature/aggregation/engines/query-engine.ts';
import { withRawPart } from '../../../services/feature/sources/raw-part.ts';
import type { CommandContext } from '../../context.ts';
import { partOf } from '../../raw-part.ts';

export async function featuresSql(
  context: CommandContext,
  flags: { part?: string },
): Promise<void> {
  const { domain, settings } = context;
  const part = await partOf(context, flags.part);
  const dialect = settings.engine === 'duckdb' ? duckdbDialect : trinoDialect;
  const query = { dialect, domain, part, rows: await part.open() };
  const session = {
    part,
    tempFolder: join(settings.work, 'features', domain.name),
    memoryLimitMb: settings.memoryMb,
  };
  const range = await withRawPart(session, async (connection) => {
    return (await probe(embeddedQueries(connection), { ...query, dialect: duckdbDialect })).range;
  });
  const statements = [
    probeStatement(query),
    countStatement(query, segmentsOf({ domain, part, availableAt: context.clock.now() }, range)),
  ].map((sql) => sql.trim());
  const [probing, counting] = statements;
  context.print(
    `-- ${part.name} of feed ${part.feed}: number of rows and range of local times\n${probing};`,
  );
  context.print(
    `\n-- rows per series and UTC interval, with every row accounted for\n${counting};`,
  );
  context.printJson({ part: part.name, feed: part.feed, dialect: dialect.name, statements });
}

/**
 * The engine that reads the raw rows of demand. The client of a cluster is loaded only where one is
 * named.
 */
export async function engineOf({
  settings,
  logger,
}: Pick<CommandContext, 'logger'> & { settings: Pick<Settings, 'engine'> }): Promise<PartEngine> {
  if (settings.engine === 'duckdb') return embeddedEngine;
  const { parseTrinoAddress, trinoEngine } = await import(
    '../../../services/feature/aggregation/engines/trino-client.ts'
  );
  const { createHttpClient } = await import('../../../platform/http/client.ts');
  return queryingEngine(
    trinoEngine(parseTrinoAddress(settings.engine), createHttpClient({ logger })),
  );
}
