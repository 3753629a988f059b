/**
 * Purpose: garbage of a domain's ledger: parts that were merged into others, parts that no entry
 * names, and entries of the JSON log of earlier versions that were moved.
 * Invariants: a part that is live, or was replaced or written since `before`, stays: a reader or a
 * writer may be at work on it. No name is used twice (part-sql.ts: `note`), so none has to be
 * marked first. Entries of the log stay, and so does a JSON entry that may have been written after
 * the others were moved.
 * Fails: STORE_CORRUPT where the log cannot be read (nothing is removed); as the store does.
 */
import type { Garbage } from '../features/garbage/feature-gc.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { LedgerLog } from './ledger-log.ts';
import { openOldLog } from './old-log.ts';

/** Clocks of those who wrote the entries may differ by this much. */
const DISORDER_MS = 60 * 60 * 1000;

export async function collectLedger(
  store: ObjectStore,
  domain: string,
  { before, remove }: { before: number; remove: boolean },
): Promise<Garbage[]> {
  const log = new LedgerLog(store, domain, { now: () => before });
  // The objects first: what is written after is not looked at.
  const found = await store.listDetails(objectKeys.ledgerData(domain));
  const { live, number, oldLogMovedAt } = await log.state();
  const needed = new Set(live.keys());
  for (let at = number; at > 0; at--) {
    const entry = await log.read(at);
    if (entry.at < before - DISORDER_MS) break;
    for (const key of entry.replaced) needed.add(key);
  }
  const garbage = found
    .filter(({ key, writtenAt }) => !needed.has(key) && writtenAt < before)
    .map(
      ({ key, bytes }): Garbage => ({
        ...{ key, bytes },
        reason: 'merged or unnamed part of the ledger',
        action: 'remove',
      }),
    );
  for (const { key, bytes, writtenAt } of await openOldLog(store, domain).details())
    if (writtenAt < (oldLogMovedAt ?? 0) - DISORDER_MS)
      garbage.push({ key, bytes, reason: 'forecast that was moved', action: 'remove' });
  if (remove) for (const { key } of garbage) await store.remove(key);
  return garbage;
}
