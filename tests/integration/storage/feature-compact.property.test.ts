/**
 * Purpose: compaction changes how a snapshot is stored, and no result: not for any cutoff, nor for
 * any `knownAt`.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../platform/clock.ts';
import { withSqlSession } from '../../../platform/duckdb/session.ts';
import { isHeadwayError } from '../../../platform/errors.ts';
import { FeatureFiles } from '../../../storage/features/feature-files.ts';
import { type FeatureStore, openFeatureStore } from '../../../storage/features/feature-store.ts';
import type { Manifest } from '../../../storage/features/manifest.ts';
import { hashPanel } from '../../../storage/features/panel-hash.ts';
import { readSnapshot } from '../../../storage/features/reading/snapshot-reader.ts';
import type { ObjectStore } from '../../../storage/objects/object-store.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';
import { runs } from '../../fixtures/property-runs.ts';
import {
  commitObjects,
  hour,
  makeObjects,
  NOW,
  type ObjectSpec,
  type Row,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';

const FEEDS = ['main', 'other', '@weather'];
const LAST = 14;
/** Intervals of the online view: fewer than there are. */
const VIEW = 9;

/**
 * Objects of several feeds: overlapping, late, corrected, empty, of equal times, saying the same
 * again.
 */
const history: fc.Arbitrary<ObjectSpec[][]> = fc
  .array(
    fc.array(
      fc.record({
        feed: fc.constantFrom('main', 'main', ...FEEDS),
        start: fc.nat(9),
        length: fc.integer({ min: 1, max: 5 }),
        availableAt: fc.nat(6),
        rows: fc.uniqueArray(
          fc.tuple(fc.constantFrom('a', 'b', 'é'), fc.nat(4), fc.constantFrom(-0, 0, 1, 2, 0.1)),
          {
            maxLength: 7,
            selector: ([id, at]) => `${id} ${at}`,
          },
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    { minLength: 2, maxLength: 4 },
  )
  .map((commits) =>
    commits.map((objects, c) =>
      objects.map(({ feed, start, length, availableAt, rows }, i) => ({
        ...{ feed, part: `p${i}`, fingerprint: `f${c}.${i}`, availableAt: NOW + availableAt },
        span: [start, start + length] as const,
        rows: rows
          .filter(([, at]) => at < length)
          .map(([id, at, value]): Row => [id, start + at, value]),
      })),
    ),
  );

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

const outcome = (read: Promise<Panel>): Promise<string> =>
  read.then(
    (panel) => `${panel.seriesIds} ${hashPanel(panel)}`,
    (error: unknown) =>
      isHeadwayError(error, 'SNAPSHOT_EMPTY') ? error.code : Promise.reject(error),
  );

/**
 * Everything that can be asked of a snapshot, and the results (by one SQL engine: starting them is
 * what takes time).
 */
function results(store: ObjectStore, manifest: Manifest): Promise<Record<string, string>> {
  return withSqlSession(async (session) => {
    const found: Record<string, string> = {};
    for (let known = -1; known <= 7; known++) {
      for (const [cutoff, from] of [[], [7], [11, 5]]) {
        const query = {
          knownAt: NOW + known,
          ...(cutoff === undefined ? {} : { cutoff: hour(cutoff) }),
          ...(from === undefined ? {} : { from: hour(from) }),
        };
        found[JSON.stringify([known, cutoff, from])] = await outcome(
          readSnapshot(new FeatureFiles(store), manifest, query, session).then(
            ({ panel }) => panel,
          ),
        );
      }
    }
    return found;
  });
}

async function withStore<T>(
  work: (features: FeatureStore, store: ReturnType<typeof memoryObjectStore>) => Promise<T>,
) {
  const store = memoryObjectStore();
  try {
    return await work(openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) }), store);
  } finally {
    await store.close();
  }
}

describe('compaction', () => {
  test.each(['zero', 'unknown'] as const)(
    'changes no result of any commits (missing = %s)',
    async (missing) => {
      await fc.assert(
        fc.asyncProperty(
          history,
          fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
          fc.constantFrom(1, 100),
          (commits, compactAfter, rangeSeries) =>
            withStore(async (features, store) => {
              const anchor: ObjectSpec = {
                part: 'anchor',
                span: [0, LAST],
                availableAt: NOW,
                rows: [['a', 0, 1]],
              };
              const schema = schemaOf(missing);
              let segments = 0;
              for (const [i, specs] of [[anchor], ...commits].entries()) {
                const newObjects = await makeObjects(folder, specs);
                const manifest = await commitObjects(features, {
                  reason: 'test',
                  schema,
                  newObjects,
                  onlineIntervals: VIEW,
                  rangeSeries,
                });
                segments += newObjects.length;
                // Whether it was made from the view before or from everything, the view is what the
                // snapshot reads as.
                const online = await features.readOnline();
                const { panel: whole } = await readSnapshot(new FeatureFiles(store), manifest, {
                  lastIntervals: VIEW,
                });
                expect([online.panel.seriesIds, hashPanel(online.panel)]).toEqual([
                  whole.seriesIds,
                  hashPanel(whole),
                ]);
                if (!compactAfter[i]) continue;
                const before = await results(store, manifest);
                const view = await features.readOnline();
                const compacted = (await features.compact({ maxRows: 12 })) as Manifest;
                expect(await results(store, compacted)).toEqual(before);
                expect(hashPanel((await features.readOnline()).panel)).toBe(hashPanel(view.panel));
                expect(await features.segments(compacted)).toHaveLength(segments);
                const rowsIn = (all: readonly { rowsIn: number }[]) =>
                  all.reduce((sum, segment) => sum + segment.rowsIn, 0);
                expect(rowsIn([...compacted.packs, ...compacted.objects])).toBe(
                  rowsIn(await features.segments(manifest)),
                );
              }
              expect((await features.verify()).problems).toEqual([]);
            }),
        ),
        { numRuns: runs(4), seed: 20261122, endOnFailure: true },
      );
    },
  );
});
