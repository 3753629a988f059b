/**
 * Purpose: read and check every object of a domain's features.
 * Invariants: trusts no earlier check; changes nothing; continues after a problem, so that one
 * report has them all.
 * Fails: only where the store cannot be reached.
 */

import { type SqlSession, withSqlSession } from '../../platform/duckdb/session.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { newestWitness, witnessProblem } from '../log/witness.ts';
import { numbersToLookAt, objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, startReport } from '../store-report.ts';
import type { CommitContext } from './feature-commit.ts';
import { FeatureFiles } from './feature-files.ts';
import { type Collection, isIntact, openGarbageLog } from './garbage/collection-log.ts';
import { isRanged, type Manifest, viewObjects } from './manifest.ts';
import { reportHash } from './manifest-format.ts';
import { decodeOnlineView } from './online/online-view.ts';
import { checkedRange } from './online/view-reader.ts';
import { aheadProblem } from './stamps.ts';

export interface FeatureReport extends StoreReport {
  readonly manifests: number;
  /** Snapshots of which garbage collection took what no other needs. */
  readonly collected: number;
  /**
   * Stamps of the newest snapshot that lie in the future, or null. Those of older ones hide nothing
   * any more.
   */
  readonly clock: { readonly key: string; readonly problem: string } | null;
}

export async function verifyFeatures({
  store,
  domain,
  clock,
  log,
}: CommitContext): Promise<FeatureReport> {
  const report = startReport();
  const witness = await newestWitness(store, objectKeys.witnesses(domain)); // first, because the log may grow meanwhile
  // Trusts no earlier check.
  const files = new FeatureFiles(store);
  const keys = await store.list(objectKeys.features(domain));
  const numbers = numbersToLookAt(keys, objectKeys.featureLog(domain));
  const newest = await verifyGarbageLog(store, domain, keys, report);
  let collected = 0;
  let manifests = 0;
  let previous: Manifest | null = null;
  await withSqlSession(async (session) => {
    // One by one: years of manifests do not fit into memory together.
    for (const number of numbers) {
      const key = objectKeys.manifest(domain, number);
      const read = await report.attempt(key, async () => {
        const manifest: Manifest = await log.read(number);
        const before = previous;
        previous = manifest;
        manifests++;
        const follows =
          before?.number === number - 1 ? manifest.parent === before.snapshotVersion : number > 1;
        if (number === 1 ? manifest.parent === null : follows) return (await store.get(key)).length;
        throw new HeadwayError('STORE_CORRUPT', 'It does not follow the manifest before it', {
          where: key,
        });
      });
      const manifest = previous as Manifest | null;
      if (manifest?.number !== number) continue;
      const isWhole = isIntact(newest, number);
      if (!isWhole && read) collected++;
      await verifySnapshot(
        files,
        session,
        manifest,
        { isWhole, hasView: number > (newest?.upTo ?? 0) },
        report,
      );
    }
  });
  const head = previous as Manifest | null;
  const lost = witnessProblem(witness, numbers.at(-1) ?? 0, head);
  if (witness && lost)
    report.problems.push({
      key: objectKeys.manifest(domain, witness.number),
      problem: lost,
    });
  const problem = aheadProblem(head, clock.now());
  const ahead = head && problem && { key: objectKeys.manifest(domain, head.number), problem };
  return { ...report.finish(keys), manifests, collected, clock: ahead || null };
}

type Report = ReturnType<typeof startReport>;

/**
 * What a snapshot names; of a collected one that which is still there, so that it is known to be
 * named and right.
 */
async function verifySnapshot(
  files: FeatureFiles,
  session: SqlSession,
  manifest: Manifest,
  { isWhole, hasView }: { isWhole: boolean; hasView: boolean },
  report: Report,
): Promise<void> {
  const { store } = files;
  const { packs, objects, schema, online, report: reportKey } = manifest;
  const attempt = async (key: string, isThere: boolean, look: () => Promise<number>) => {
    if (report.isKnown(key) || (!isThere && !(await store.has(key)))) return;
    await report.attempt(key, look);
  };
  for (const file of [...packs, ...objects]) {
    await attempt(file.key, isWhole, async () => {
      await files.path(session, file, schema.frequencyMinutes);
      return file.bytes;
    });
  }
  for (const pack of packs) {
    await attempt(pack.segments.key, isWhole, async () => {
      await files.index(pack);
      return pack.segments.bytes;
    });
  }
  for (const [index, { key, sha256: hash }] of viewObjects(online).entries()) {
    await attempt(key, hasView, async () => {
      const bytes = await getHashed(store, key, hash);
      if (online && isRanged(online)) checkedRange(manifest, online, index, bytes);
      else decodeOnlineView(key, bytes);
      return bytes.length;
    });
  }
  if (reportKey) {
    await attempt(
      reportKey,
      isWhole,
      async () => (await getHashed(store, reportKey, reportHash(reportKey))).length,
    );
  }
}

/** Checks the log of collections; gives its newest entry. */
async function verifyGarbageLog(
  store: ObjectStore,
  domain: string,
  keys: readonly string[],
  report: Report,
) {
  const log = openGarbageLog(store, domain);
  let newest: Collection | null = null;
  for (const number of numbersToLookAt(keys, objectKeys.collectionLog(domain))) {
    const key = objectKeys.collection(domain, number);
    await report.attempt(key, async () => {
      newest = await log.read(number);
      return (await store.get(key)).length;
    });
  }
  return newest as Collection | null;
}

async function getHashed(store: ObjectStore, key: string, hash: string): Promise<Uint8Array> {
  const bytes = await store.get(key);
  if (sha256(bytes) === hash) return bytes;
  throw new HeadwayError('STORE_CORRUPT', 'Its SHA-256 differs from the one in its name', {
    where: key,
  });
}
