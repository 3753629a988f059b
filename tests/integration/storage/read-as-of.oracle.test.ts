/**
 * Purpose: `readAsOf` against the plainest possible reading of the rules, on random snapshots and
 * questions.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fixedClock } from '../../../platform/clock.ts';
import { isHeadwayError } from '../../../platform/errors.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { hashPanel } from '../../../storage/features/panel-hash.ts';
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

type Spec = Required<
  Pick<ObjectSpec, 'feed' | 'part' | 'fingerprint' | 'availableAt' | 'span' | 'rows'>
>;
interface Question {
  cutoff?: number;
  from?: number;
  knownAt?: number;
}

const IDS = ['a', 'b', 'B', 'é', '𝒛', "it's"];
const codePoints = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

const specs: fc.Arbitrary<Spec[]> = fc
  .array(
    fc.record({
      feed: fc.constantFrom('one', 'two', 'three'),
      start: fc.integer({ min: 0, max: 10 }),
      length: fc.integer({ min: 1, max: 8 }),
      availableAt: fc.integer({ min: 0, max: 3 }).map((n) => NOW + n),
      rows: fc.uniqueArray(
        fc.tuple(fc.constantFrom(...IDS), fc.nat(7), fc.integer({ min: -50, max: 50 })),
        {
          maxLength: 12,
          selector: ([id, at]) => `${id} ${at}`,
        },
      ),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((objects) =>
    objects.map(({ feed, start, length, availableAt, rows }, i) => ({
      ...{
        feed,
        part: `p${i}`,
        fingerprint: `f${i}`,
        availableAt,
        span: [start, start + length] as const,
      },
      rows: rows
        .filter(([, at]) => at < length)
        .map(([id, at, value]): Row => [id, start + at, value / 4]),
    })),
  );

const question: fc.Arbitrary<Question> = fc.record(
  {
    cutoff: fc.integer({ min: 0, max: 18 }),
    from: fc.integer({ min: 0, max: 12 }),
    knownAt: fc.integer({ min: 0, max: 3 }).map((n) => NOW + n),
  },
  { requiredKeys: [] },
);

/** What the store should return: series → values, or null where there is nothing to return. */
function oracle(
  all: readonly Spec[],
  { cutoff = 99, from = -99, knownAt = NOW + 99 }: Question,
  missing: 'zero' | 'unknown',
) {
  const known = all.filter((object) => object.availableAt <= knownAt);
  const feeds = ['one', 'three', 'two'].filter((feed) =>
    known.some((object) => object.feed === feed),
  );
  const first = Math.max(from, Math.min(...known.map(({ span }) => span[0])));
  const last = Math.min(cutoff, Math.max(...known.map(({ span }) => span[1])) - 1);
  if (known.length === 0 || first > last) return null;
  const winner = (feed: string, t: number): Spec | undefined => {
    let best: Spec | undefined;
    for (const object of known) {
      const covers = object.feed === feed && object.span[0] <= t && t < object.span[1];
      if (covers && (best === undefined || object.availableAt >= best.availableAt)) best = object;
    }
    return best;
  };
  const row = (feed: string, id: string, t: number) =>
    winner(feed, t)?.rows.find(([series, at]) => series === id && at === t)?.[2];
  const covers = (feed: string, id: string) => {
    for (let t = 0; t <= last; t++) if (row(feed, id, t) !== undefined) return true;
    return false;
  };
  const ids = IDS.filter((id) => feeds.some((feed) => covers(feed, id))).sort(codePoints);
  const series = ids.map((id) => {
    const values: number[] = [];
    for (let t = first; t <= last; t++) {
      const parts = feeds
        .filter((feed) => missing === 'zero' || covers(feed, id))
        .map(
          (feed) => row(feed, id, t) ?? (missing === 'zero' && winner(feed, t) ? 0 : Number.NaN),
        );
      values.push(parts.reduce((sum, part) => sum + part, 0));
    }
    return values;
  });
  return { start: hour(first), length: last - first + 1, ids, series };
}

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

test('readAsOf follows the rules for any objects, and later commits change no result', async () => {
  await fc.assert(
    fc.asyncProperty(
      specs,
      fc.constantFrom('zero' as const, 'unknown' as const),
      fc.array(question, { minLength: 4, maxLength: 4 }),
      async (all, missing, questions) => {
        const store = memoryObjectStore();
        try {
          const features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
          const schema = schemaOf(missing);
          const newObjects = await makeObjects(folder, all);
          const { snapshotVersion } = await commitObjects(features, {
            reason: 'test',
            schema,
            newObjects,
          });
          const results = [];
          for (const asked of questions) {
            const expected = oracle(all, asked, missing);
            const query = {
              ...(asked.cutoff === undefined ? {} : { cutoff: hour(asked.cutoff) }),
              ...(asked.from === undefined ? {} : { from: hour(asked.from) }),
              ...(asked.knownAt === undefined ? {} : { knownAt: asked.knownAt }),
            };
            const panel = await features.readAsOf(query).catch((error: unknown) => {
              if (isHeadwayError(error, 'SNAPSHOT_EMPTY')) return null;
              throw error;
            });
            if (expected === null || panel === null) {
              expect([asked, panel]).toEqual([asked, expected]);
              continue;
            }
            expect(panel.seriesIds).toEqual(expected.ids);
            expect([panel.start, panel.length]).toEqual([expected.start, expected.length]);
            expect([...panel.columns.target].map((v) => v + 0)).toEqual(
              expected.series.flat().map((v) => Math.fround(v) + 0),
            );
            results.push({ query, hash: hashPanel(panel) });
          }
          const late = await makeObjects(folder, [
            {
              feed: 'four',
              part: 'late',
              availableAt: NOW + 10,
              span: [-3, 25],
              rows: [['a', 2, 1]],
            },
            { feed: 'one', part: 'late', availableAt: NOW + 10, span: [0, 9], rows: [['a', 2, 1]] },
          ]);
          await commitObjects(features, { reason: 'late', schema, newObjects: late });
          for (const { query, hash } of results) {
            const again = await features.readAsOf(
              query.knownAt === undefined ? { ...query, snapshotVersion } : query,
            );
            expect(hashPanel(again)).toBe(hash);
          }
        } finally {
          await store.close();
        }
      },
    ),
    { numRuns: runs(15), seed: 20241122 },
  );
});
