/**
 * Purpose: the posted actuals of a domain that are older than they are kept.
 * Invariants: only entries are removed, by the time when they were written.
 * Fails: as the store does.
 */
import type { Garbage } from '../features/garbage/feature-gc.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';

export async function collectActuals(
  store: ObjectStore,
  domain: string,
  { before, remove }: { before: number; remove: boolean },
): Promise<Garbage[]> {
  const prefix = objectKeys.actuals(domain);
  const garbage = (await store.listDetails(prefix))
    .filter(
      ({ key, writtenAt }) =>
        /^[0-9a-f]{64}\.json$/.test(key.slice(prefix.length)) && writtenAt < before,
    )
    .map(
      ({ key, bytes }): Garbage => ({
        key,
        bytes,
        reason: 'actuals out of retention',
        action: 'remove',
      }),
    );
  if (remove) for (const { key } of garbage) await store.remove(key);
  return garbage;
}
