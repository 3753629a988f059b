/**
 * Purpose: turn new Parquet files into the next snapshot: the commit protocol of
 * docs/store-protocol.md.
 * Invariants: everything a manifest names is durable before the manifest is; a manifest's objects
 * are those of its parent and the new ones, so two writers at once lose nothing; the same raw part
 * at the same fingerprint is committed once; stamps ascend with the log (stamps.ts).
 * Fails: PANEL_INVALID for a file that does not match its request, CLOCK_BEHIND and CLOCK_AHEAD for
 * a clock that is off by minutes (nothing is committed); the store's own errors.
 */
import type { Panel } from '../../forecasting/panel/panel.ts';
import { type Clock, stopwatch } from '../../platform/clock.ts';
import { type SqlSession, withSqlSession } from '../../platform/duckdb/session.ts';
import { HeadwayError } from '../../platform/errors.ts';
import type { AppendLog } from '../log/append-log.ts';
import { placeBytes, placeFile } from '../objects/content-addressed-write.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type FeatureFiles, withStaged } from './feature-files.ts';
import { pendingDeletions } from './garbage/collection-log.ts';
import type { FeatureObject, FeatureSchema, Manifest, TimeSpan } from './manifest.ts';
import { withExtended } from './online/online-increment.ts';
import { withOnlineView } from './online/view-writer.ts';
import type { CommitRequest, OnlineRequest, StagedObject } from './requests.ts';
import { requireFitting } from './staging.ts';
import { nextCommittedAt, refuseAheadOfClock, refuseClockBehind, stampAfter } from './stamps.ts';
import { newestParts } from './versions.ts';

/** Eight weeks of hours. */
const DEFAULT_ONLINE_INTERVALS = 1344;

/**
 * From asking which names are pending deletion to the entry that uses them; half of feature-gc.ts:
 * PENDING_DELETION_MS.
 */
const COMMIT_WITHIN_MS = 30 * 60 * 1000;

export interface CommitContext {
  readonly store: ObjectStore;
  readonly domain: string;
  readonly clock: Clock;
  readonly log: AppendLog<Manifest>;
  readonly files: FeatureFiles;
}

export async function commitFeatures(
  context: CommitContext,
  request: CommitRequest,
): Promise<Manifest> {
  const { store, domain, clock, log } = context;
  const { schema, objects: staged } = request.staged;
  const manifest = await withSqlSession((session) => {
    const upload = uploader(context, request, session);
    return log.append(async (parent, slot) => {
      refuseOtherSchema(parent, schema);
      refuseClockBehind(parent, clock.now());
      const fresh = await notCommitted(context, parent, staged);
      if (fresh.length === 0) return null;
      refuseAheadOfClock(fresh, clock.now());
      const elapsed = stopwatch(clock);
      const placed = await upload(fresh, parent?.packs[0] ?? parent?.objects[0]);
      const added = stampAfter(parent, placed.objects);
      const draft = {
        domain,
        number: slot.number,
        parent: parent?.snapshotVersion ?? null,
        commitId: slot.commitId,
        committedAt: nextCommittedAt(parent, clock.now()),
        reason: request.reason,
        schema,
        packs: parent?.packs ?? [],
        objects: [...(parent?.objects ?? []), ...added],
        report: placed.report,
      } as const;
      const files = withStaged(context.files, fresh, true);
      const query = onlineQuery(request);
      const isLost = async () => elapsed() > COMMIT_WITHIN_MS || (await store.has(slot.key));
      const write = (panels: AsyncIterable<Panel>) => withOnlineView(store, draft, panels, isLost);
      const made = await withExtended(files, session, parent, draft, added, query, write);
      return made ?? 'lost';
    });
  });
  if (manifest !== null) return manifest;
  throw new HeadwayError(
    'SNAPSHOT_EMPTY',
    'There is nothing to commit, and nothing was committed before',
    {
      where: `domain ${domain}`,
      fix: 'Give the feature service a source that has data.',
    },
  );
}

/** The query whose result the online view is. */
export const onlineQuery = ({ onlineIntervals, ahead, rangeSeries }: OnlineRequest) => ({
  lastIntervals: onlineIntervals ?? DEFAULT_ONLINE_INTERVALS,
  ...(rangeSeries === undefined ? {} : { rangeSeries }),
  ...(ahead ? { ahead } : {}),
});

/**
 * Those of `objects` that differ from the newest version of their part in the head. Earlier
 * versions do not count: a part that was changed and then changed back must be committed again.
 */
async function notCommitted(
  { files }: CommitContext,
  head: Manifest | null,
  objects: readonly StagedObject[],
) {
  const newest = newestParts(await files.segments(head), objects);
  return objects.filter((object) => newest(object)?.fingerprint !== object.fingerprint);
}

function refuseOtherSchema(head: Manifest | null, schema: FeatureSchema): void {
  if (head === null) return;
  for (const name of ['frequencyMinutes', 'missing', 'timeZone'] as const) {
    if (head.schema[name] === schema[name]) continue;
    throw new HeadwayError(
      'SETTINGS_INVALID',
      `The store has ${name} ${head.schema[name]}, not ${schema[name]}`,
      {
        where: head.snapshotVersion,
        fix: 'Use another store or another domain name for data with other columns.',
      },
    );
  }
}

/**
 * Writes the files and the report once, however often the commit is tried, or again if their names
 * are pending deletion.
 */
function uploader({ store, domain }: CommitContext, request: CommitRequest, session: SqlSession) {
  const written = new Map<StagedObject, FeatureObject>();
  let report: string | null = null;
  return async (fresh: readonly StagedObject[], grid: { span: TimeSpan } | undefined) => {
    requireFitting(fresh, grid, request.staged.schema);
    const pendingDeletion = await pendingDeletions(store, domain);
    const isDone = (key: string | null | undefined) =>
      typeof key === 'string' && !pendingDeletion.has(key);
    for (const object of fresh) {
      if (isDone(written.get(object)?.key)) continue;
      const { path, sha256, bytes: _bytes, content: _content, ...segment } = object;
      const placed = await placeFile({ store, domain }, session, path, pendingDeletion, sha256);
      written.set(object, { ...placed, ...segment });
    }
    if (request.report && !isDone(report))
      report = await placeReport({ store, domain }, request.report, pendingDeletion);
    return { objects: fresh.map((object) => written.get(object) as FeatureObject), report };
  };
}

async function placeReport(
  place: Pick<CommitContext, 'store' | 'domain'>,
  report: Uint8Array,
  pendingDeletion: ReadonlySet<string>,
) {
  try {
    JSON.parse(Buffer.from(report).toString('utf8'));
  } catch (error) {
    throw new HeadwayError('PANEL_INVALID', 'The report to commit is not JSON', { cause: error });
  }
  const spaced = (copy: number) => Buffer.concat([report, Buffer.alloc(copy, ' ')]);
  return (await placeBytes(place, spaced, objectKeys.report, pendingDeletion)).key;
}
