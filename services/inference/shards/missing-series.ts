/**
 * Purpose: the error for a series that this service does not have: there is none, or another shard
 * serves it.
 * Invariants: SERIES_UNKNOWN says that the view has no such series; of a shard, only where that is
 * known.
 * Fails: never; it returns the error.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import { HttpProblem } from '../responses/problems.ts';
import type { ShardDirectory } from './shard-directory.ts';

/** What knows where other series are. */
interface Served {
  readonly shard: ShardDirectory | null;
}

export function missingSeries(served: Served, seriesId: string): Error {
  return (
    ofAnotherShard(served, seriesId) ??
    new HeadwayError('SERIES_UNKNOWN', `there is no series ${JSON.stringify(seriesId)}`, {
      where: 'seriesId',
      fix: 'GET /v1/series lists the series there are.',
    })
  );
}

/** null where the view has no such series. */
export function ofAnotherShard({ shard }: Served, seriesId: string): HttpProblem | null {
  const other = shard?.shardOf(seriesId) ?? null;
  if (shard === null || other === null) return null;
  const name = JSON.stringify(seriesId);
  return new HttpProblem(
    'SERIES_OF_ANOTHER_SHARD',
    `series ${name} is not in shard ${shard.name}, which this service serves: ask ${other}`,
    { shard: other },
  );
}
