/**
 * Purpose: the SQL engine as a port: what reads the raw rows of demand, embedded here or a cluster
 * elsewhere.
 * Invariants: both give the same parts, bit for bit, and the same accounts; exogenous parts are
 * small and always read by the embedded one.
 * Fails: as the engine does.
 */

import {
  countOutside,
  outsideSql,
  type ProfileOptions,
  type RawProfile,
} from '../../sources/raw-profile.ts';
import { type AggregatedPart, type AggregateOptions, aggregatePart } from '../aggregate.ts';
import { outsideStatement } from './portable-sql.ts';
import { aggregateByQuery, type QueryEngine } from './query-engine.ts';

export interface PartEngine {
  aggregate(options: AggregateOptions): Promise<AggregatedPart>;
  countOutside(options: ProfileOptions): Promise<RawProfile['outside']>;
}

export const embeddedEngine: PartEngine = { aggregate: aggregatePart, countOutside };

export const queryingEngine = (engine: QueryEngine): PartEngine => ({
  aggregate: (options) => aggregateByQuery(engine, options),
  async countOutside(options) {
    const ranges = options.rows.ranges ?? [];
    if (ranges.length === 0) return [];
    const statement = outsideStatement(
      { ...options, dialect: engine.dialect },
      ranges.map(outsideSql),
    );
    for await (const counts of engine.query(statement)) {
      return ranges.map(({ name }, index) => ({ range: name, rows: Number(counts[index]) }));
    }
    return [];
  },
});
