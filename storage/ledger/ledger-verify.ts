/**
 * Purpose: verify all that the ledger of a domain holds: the log, the parts that are live, and what
 * is left of the JSON log of earlier versions.
 * Invariants: changes nothing; trusts no earlier check. A part that was replaced is not looked at:
 * nobody reads it, and the collection of garbage may have removed it.
 * Fails: as the store does; all that is wrong with an object is in the report.
 */
import { isDeepStrictEqual } from 'node:util';
import { withSqlSession } from '../../platform/duckdb/session.ts';
import { numbersToLookAt, objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, startReport } from '../store-report.ts';
import { type LedgerPart, parseLedgerEntry } from './ledger-entry.ts';
import { isOldEntry, parseOldEntry } from './old-log.ts';
import { corrupt, describe, PartFiles } from './part-files.ts';

export async function verifyLedger(store: ObjectStore, domain: string): Promise<StoreReport> {
  const report = startReport();
  const prefix = objectKeys.ledgerLog(domain);
  const keys = await store.list(objectKeys.forecasts(domain));
  const live = new Map<string, LedgerPart>();
  /** Replaced parts, and their bytes. Entries are not kept: each of a compaction lists all parts. */
  const replaced = new Map<string, number>();
  for (const number of numbersToLookAt(keys, prefix)) {
    const key = objectKeys.ledgerEntry(domain, number);
    await report.attempt(key, async () => {
      const bytes = await store.get(key);
      const entry = parseLedgerEntry(key, bytes);
      for (const part of entry.parts) live.set(part.key, part);
      for (const gone of entry.replaced) {
        replaced.set(gone, live.get(gone)?.bytes ?? 0);
        live.delete(gone);
      }
      return bytes.length;
    });
  }
  const files = new PartFiles(store, domain);
  await withSqlSession(async (session) => {
    for (const part of live.values())
      await report.attempt(part.key, async () => {
        const found = await describe(session, await files.path(part));
        if (!isDeepStrictEqual(found, saidOf(part))) throw corrupt(part, 'its rows differ');
        return part.bytes;
      });
  });
  const there = new Set(keys);
  for (const [key, bytes] of replaced)
    if (there.has(key)) await report.attempt(key, async () => bytes);
  for (const key of keys.filter((one) => isOldEntry(one, domain)))
    await report.attempt(key, async () => {
      const bytes = await store.get(key);
      parseOldEntry(key, bytes);
      return bytes.length;
    });
  return report.finish(keys);
}

const saidOf = ({ rows, issued, target, series, quantiles, kinds }: LedgerPart) => ({
  ...{ rows, issued, target, series, quantiles, kinds },
});
