/**
 * Purpose: turn new Parquet files into the next snapshot: the commit protocol of docs/store-protocol.md.
 * Invariants: everything a manifest names is durable before the manifest is; a manifest's objects are those of its parent and
 * the new ones, so two writers at once lose nothing; the same raw part at the same fingerprint is committed once.
 * Fails: PANEL_INVALID for a file that is not what the request says of it (nothing is committed); the store's own errors.
 */
import { stat } from 'node:fs/promises';
import type { Panel } from '../forecasting/panel.ts';
import type { Clock } from '../runtime/clock.ts';
import { HeadwayError } from '../runtime/errors.ts';
import type { AppendLog } from './append-log.ts';
import { hashFile, sha256 } from './content-hash.ts';
import { type SqlSession, withSqlSession } from './duckdb-session.ts';
import { checkContent } from './feature-objects.ts';
import {
  accountProblem,
  type FeatureObject,
  type FeatureSchema,
  MANIFEST_FORMAT,
  type Manifest,
  snapshotVersionOf,
  spanProblem,
} from './manifest.ts';
import { objectKeys } from './object-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { encodeOnlineView } from './online-view.ts';
import { type Ahead, readSnapshot } from './snapshot-reader.ts';

/** Eight weeks of hours. */
const DEFAULT_ONLINE_INTERVALS = 1344;

/** A feature object to be, and the local Parquet file with its rows. */
export interface NewFeatureObject extends Omit<FeatureObject, 'key' | 'sha256' | 'bytes'> {
  /** A local Parquet file: series_id VARCHAR, timestamp TIMESTAMP (UTC), target FLOAT or DOUBLE, available_at TIMESTAMP. */
  readonly path: string;
}

export interface CommitRequest {
  readonly reason: string;
  readonly schema: FeatureSchema;
  readonly newObjects: readonly NewFeatureObject[];
  /** The data-quality report of the run, as JSON text. */
  readonly report?: Uint8Array;
  /** How many intervals of every series the online view holds. */
  readonly onlineIntervals?: number;
  /** How far past its end the online view holds which columns that are known in advance. */
  readonly ahead?: Ahead;
}

export interface CommitContext {
  readonly store: ObjectStore;
  readonly domain: string;
  readonly clock: Clock;
  readonly log: AppendLog<Manifest>;
}

export async function commitFeatures(context: CommitContext, request: CommitRequest): Promise<Manifest> {
  const { domain, log } = context;
  const head = await log.head();
  refuseOtherSchema(head, request.schema);
  if (request.newObjects.some((object) => !isCommitted(head, object))) {
    return withSqlSession((session) => appendManifest(context, request, session));
  }
  if (head !== null) return head;
  throw new HeadwayError('SNAPSHOT_EMPTY', 'There is nothing to commit, and nothing was committed before', {
    where: `domain ${domain}`,
    fix: 'Give the feature service a source that has data.',
  });
}

async function appendManifest(context: CommitContext, request: CommitRequest, session: SqlSession): Promise<Manifest> {
  const { store, domain, clock, log } = context;
  const upload = uploader(store, domain, request, session);
  const manifest = await log.append(async (parent, slot) => {
    refuseOtherSchema(parent, request.schema);
    const fresh = request.newObjects.filter((object) => !isCommitted(parent, object));
    if (fresh.length === 0) return null;
    const { objects: added, report } = await upload(fresh);
    const objects = [...(parent?.objects ?? []), ...added];
    const draft = {
      format: MANIFEST_FORMAT,
      domain,
      number: slot.number,
      parent: parent?.snapshotVersion ?? null,
      commitId: slot.commitId,
      committedAt: clock.now(),
      reason: request.reason,
      schema: request.schema,
      objects,
      report,
    } as const;
    const lastIntervals = request.onlineIntervals ?? DEFAULT_ONLINE_INTERVALS;
    const ahead = request.ahead ? { ahead: request.ahead } : {};
    const panel = await readSnapshot(store, draft, { lastIntervals, ...ahead }, session);
    return (await store.has(slot.key)) ? 'lost' : withOnlineView(store, draft, panel);
  });
  return manifest as Manifest; // `append` gives null only for an empty log, to which there is always something to add
}

/** Writes the online view of the snapshot to be, and completes its manifest. */
async function withOnlineView(
  store: ObjectStore,
  draft: Omit<Manifest, 'snapshotVersion' | 'online'>,
  panel: Panel,
): Promise<Manifest> {
  const bytes = encodeOnlineView(panel);
  const end = panel.start + panel.length * panel.frequencyMinutes * 60_000;
  const online = { key: '', sha256: sha256(bytes), bytes: bytes.length, span: { start: panel.start, end } };
  const snapshotVersion = snapshotVersionOf({ ...draft, online });
  const key = objectKeys.online(draft.domain, snapshotVersion);
  await store.put(key, bytes);
  const { format, domain, number, ...rest } = draft;
  return { format, domain, number, snapshotVersion, ...rest, online: { ...online, key } };
}

/**
 * Whether what the head holds of this part, at its newest, is the same content already. Not merely whether it ever held it: a
 * part that was changed and then changed back must be committed again.
 */
function isCommitted(head: Manifest | null, object: NewFeatureObject): boolean {
  const same = (head?.objects ?? []).filter(({ feed, part }) => feed === object.feed && part === object.part);
  const newest = same.reduce<FeatureObject | undefined>((a, b) => (a && a.availableAt > b.availableAt ? a : b), undefined);
  return newest?.fingerprint === object.fingerprint;
}

function refuseOtherSchema(head: Manifest | null, schema: FeatureSchema): void {
  if (head === null) return;
  for (const name of ['frequencyMinutes', 'missing', 'timeZone'] as const) {
    if (head.schema[name] === schema[name]) continue;
    throw new HeadwayError('SETTINGS_INVALID', `The store was made with ${name} ${head.schema[name]}, not ${schema[name]}`, {
      where: head.snapshotVersion,
      fix: 'Use another store or another domain name for data that reads differently.',
    });
  }
}

/** Checks and writes the files and the report once, however often the commit has to be tried. */
function uploader(store: ObjectStore, domain: string, request: CommitRequest, session: SqlSession) {
  const written = new Map<NewFeatureObject, FeatureObject>();
  const hashes = new Map<NewFeatureObject, string>();
  let reportKey: string | null = null;
  return async (fresh: readonly NewFeatureObject[]) => {
    for (const object of fresh) refuseUnlike(object, fresh[0], request.schema);
    const waiting = fresh.filter((object) => !written.has(object));
    for (const object of waiting) {
      const hash = await hashFile(object.path);
      const problem = await checkContent(session, object.path, hash, object, request.schema.frequencyMinutes);
      if (problem !== null) throw invalid(object, problem);
      hashes.set(object, hash);
    }
    for (const object of waiting) written.set(object, await putObject(store, domain, object, hashes.get(object) as string));
    if (request.report && reportKey === null) reportKey = await putReport(store, domain, request.report);
    return { objects: fresh.map((object) => written.get(object) as FeatureObject), report: reportKey };
  };
}

const invalid = (object: NewFeatureObject, problem: string, cause?: unknown) =>
  new HeadwayError('PANEL_INVALID', `Part ${object.part} cannot be committed: ${problem}`, {
    where: object.path,
    fix: 'Mend what made this file; nothing was committed.',
    cause,
  });

function refuseUnlike(object: NewFeatureObject, first: NewFeatureObject, schema: FeatureSchema): void {
  const problem = spanProblem(object, first, schema.frequencyMinutes) ?? accountProblem(object);
  if (problem !== null) throw invalid(object, problem);
}

async function putObject(store: ObjectStore, domain: string, object: NewFeatureObject, hash: string): Promise<FeatureObject> {
  const { path, rows, span, availableAt, feed, part, fingerprint, rowsIn, rowsUsed, rejected } = object;
  const { size } = await stat(path);
  const key = objectKeys.featureData(domain, hash);
  await store.putFile(key, path);
  const account = { rowsIn, rowsUsed, rejected };
  return { key, sha256: hash, bytes: size, rows, span, availableAt, feed, part, fingerprint, ...account };
}

async function putReport(store: ObjectStore, domain: string, report: Uint8Array): Promise<string> {
  try {
    JSON.parse(Buffer.from(report).toString('utf8'));
  } catch (error) {
    throw new HeadwayError('PANEL_INVALID', 'The report to commit is not JSON', { cause: error });
  }
  const key = objectKeys.report(domain, sha256(report));
  await store.put(key, report);
  return key;
}
