/**
 * Purpose: what is served at this moment, in a few members: for probes, and for pages that wait for
 * news.
 * Invariants: of one Serving.
 * Fails: NotReady with the reason while nothing is served.
 */
import type { Clock } from '../../../platform/clock.ts';
import type { ServingState } from '../serving/serving-state.ts';
import { dataAgeSeconds } from './data-age.ts';
import { fallbackMember, isoTime } from './forecast-response.ts';
import { NotReady } from './problems.ts';

export function readyResponse(state: ServingState, clock: Clock) {
  const serving = state.current();
  const failure = state.failure();
  if (!serving) throw new NotReady(failure?.error ?? null);
  const { fallback, snapshot } = serving;
  return {
    status: fallback ? ('degraded' as const) : ('ready' as const),
    modelVersion: serving.model.card.modelVersion,
    snapshotVersion: snapshot.manifest.snapshotVersion,
    ...(snapshot.shard && { shard: snapshot.shard.name }),
    cutoff: isoTime(serving.cutoffTimestamp),
    dataAgeSeconds: dataAgeSeconds(serving, clock.now()),
    ...fallbackMember(fallback),
    rescuedSeries: serving.replaced.size,
    refreshFailure: failure ? { code: failure.error.code, at: isoTime(failure.at) } : null,
  };
}
