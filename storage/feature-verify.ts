/**
 * Purpose: read and check every object of a domain's features.
 * Invariants: trusts no earlier check; changes nothing; goes on after a problem, so that one report has them all.
 * Fails: only where the store cannot be reached.
 */

import { HeadwayError } from '../runtime/errors.ts';
import type { AppendLog } from './append-log.ts';
import { sha256 } from './content-hash.ts';
import { withSqlSession } from './duckdb-session.ts';
import { verifiedPath } from './feature-objects.ts';
import { type Manifest, reportHash } from './manifest.ts';
import { logNumber, objectKeys } from './object-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { decodeOnlineView } from './online-view.ts';
import { type StoreReport, startReport } from './store-report.ts';

export async function verifyFeatures(
  store: ObjectStore,
  domain: string,
  log: AppendLog<Manifest>,
): Promise<StoreReport & { manifests: number }> {
  const report = startReport();
  const keys = await store.list(objectKeys.features(domain));
  const manifests = await readLog(store, domain, log, keys, report);
  await withSqlSession(async (session) => {
    for (const { objects, schema, online, report: reportKey } of manifests) {
      for (const object of objects) {
        await report.attempt(object.key, async () => {
          await verifiedPath(store, session, object, schema.frequencyMinutes, true);
          return object.bytes;
        });
      }
      if (online) {
        await report.attempt(online.key, async () => {
          const bytes = await getHashed(store, online.key, online.sha256);
          decodeOnlineView(online.key, bytes);
          return bytes.length;
        });
      }
      if (reportKey) {
        await report.attempt(reportKey, async () => (await getHashed(store, reportKey, reportHash(reportKey))).length);
      }
    }
  });
  return { ...report.finish(keys), manifests: manifests.length };
}

async function readLog(
  store: ObjectStore,
  domain: string,
  log: AppendLog<Manifest>,
  keys: readonly string[],
  report: ReturnType<typeof startReport>,
): Promise<Manifest[]> {
  const prefix = objectKeys.featureLog(domain);
  const numbers = keys.filter((key) => key.startsWith(prefix)).map((key) => logNumber(key));
  const last = numbers.reduce<number>((most, number) => Math.max(most, number ?? 0), 0);
  const manifests: Manifest[] = [];
  for (let number = 1; number <= last; number++) {
    const key = objectKeys.manifest(domain, number);
    await report.attempt(key, async () => {
      const manifest = await log.read(number);
      const previous = manifests.at(-1);
      const follows =
        previous?.number === number - 1 ? manifest.parent === previous.snapshotVersion : number > 1 || manifest.parent === null;
      manifests.push(manifest);
      if (!follows) throw new HeadwayError('STORE_CORRUPT', 'It does not follow on the manifest before it', { where: key });
      return (await store.get(key)).length;
    });
  }
  return manifests;
}

async function getHashed(store: ObjectStore, key: string, hash: string): Promise<Uint8Array> {
  const bytes = await store.get(key);
  if (sha256(bytes) === hash) return bytes;
  throw new HeadwayError('STORE_CORRUPT', 'Its SHA-256 differs from the one it is named with', { where: key });
}
