/**
 * Purpose: exogenous parts in a run of the feature service: what is known too late, what is
 * nobody's column, what is no demand.
 */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Domain, ExogenousRows, RawPart, Source } from '../../../../../domains/domain.ts';
import { silentProgress } from '../../../../../platform/progress.ts';
import { silentLogger } from '../../../../../platform/telemetry/logger.ts';
import { runFeatures } from '../../../../../services/feature/run.ts';
import {
  type FeatureStore,
  openFeatureStore,
} from '../../../../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../../../../storage/objects/file-object-store.ts';
import { type FeatureFixture, featureFixture } from '../../../../fixtures/feature-fixture.ts';
import { toyDomain } from '../../../../fixtures/toy-store.ts';

// The first run in a file loads danfo, which takes seconds on a busy machine.
jest.setTimeout(60_000);

const HORIZON = 6;
const domain: Domain = {
  ...{ ...toyDomain, timeZone: 'Europe/Berlin', horizon: HORIZON, missing: 'zero' as const },
  ...{ pastExogenous: ['heat'], futureExogenous: ['plan'] },
};
const day = (feed = 'main'): Source => ({
  description: 'a test',
  parts: async () => [
    {
      ...{
        name: 'day',
        feed,
        fingerprint: 'day',
        span: { start: Date.parse('2026-01-01'), end: Date.parse('2026-01-02') },
      },
      open: async () => ({
        ...{
          relation: `(SELECT TIMESTAMP '2026-01-01 12:30:00' AS t)`,
          seriesId: `'a'`,
          localTime: 't',
        },
        ...{ value: null, duplicateKey: [], rejections: [] },
      }),
    },
  ],
});

type Value = readonly [column: string, knownAt: string, about: string | null, value: number | null];
const stamp = (text: string | null) =>
  text === null ? 'NULL::TIMESTAMP' : `TIMESTAMP '2026-01-${text}'`;

/** Values as (column, known, about, value); times are day and hour of January 2026 in UTC. */
function valuesOf(...values: Value[]): RawPart<ExogenousRows>[] {
  const rows = values.map(
    ([column, known, about, value]) =>
      `('${column}', ${stamp(known)}, ${stamp(about)}, ${value ?? 'NULL::DOUBLE'})`,
  );
  const open = async () => ({
    ...{
      relation: `(VALUES ${rows.join(', ')}) AS v(name, known, about, x)`,
      column: 'name',
      knownAt: 'known',
      about: 'about',
      value: 'x',
    },
    rejections: [{ reason: 'odd', when: 'x = 13' }],
  });
  return [{ name: 'values', feed: 'extra', fingerprint: JSON.stringify(values), span: null, open }];
}

let bench: FeatureFixture;
let features: FeatureStore;
beforeEach(async () => {
  bench = await featureFixture(domain, '2026-02-01T00:00:00Z');
  features = openFeatureStore({
    store: fileObjectStore(join(bench.folder, 'store')),
    domain: 'toy',
    clock: bench.clock,
  });
});
afterEach(() => bench.remove());

const run = (parts: RawPart<ExogenousRows>[], source = day(), of = domain) =>
  runFeatures({
    ...{
      domain: of,
      source,
      exogenous: { description: 'values', parts: async () => parts },
      features,
    },
    ...{
      workFolder: bench.workFolder,
      clock: bench.clock,
      logger: silentLogger,
      progress: silentProgress,
    },
  });

const known = (values: Float32Array | undefined) =>
  [...(values ?? [])].flatMap((value, t) => (Number.isNaN(value) ? [] : [[t, value]]));

test('assigns a past value to the interval it was known in, a plan to its own interval', async () => {
  const { manifest } = await run(
    valuesOf(
      ['heat', '01 06:00:00', null, -5],
      ['heat', '01 07:00:01', null, 6],
      ['heat', '01 09:00:00', null, null],
      ['heat', '01 10:00:00', null, 13],
      ['hot', '01 10:00:00', null, 1],
      // 20:00 is forecast from cutoffs that end at 15:00 and later.
      ['plan', '01 15:00:00', '01 20:30:00', 1],
      ['plan', '01 16:00:01', '01 21:00:00', 2],
      ['plan', '01 15:00:00', '02 03:00:00', 3],
      ['plan', '01 15:00:00', null, 4],
    ),
  );
  expect(manifest.objects.find(({ feed }) => feed === '@extra')).toMatchObject({
    ...{ rowsIn: 9, rowsUsed: 4 },
    rejected: { missing_value: 1, odd: 1, unknown_column: 1, known_too_late: 1, missing_time: 1 },
  });
  const { exogenous } = await features.readAsOf();
  expect(known(exogenous?.heat)).toEqual([
    [5, -5],
    [7, 6],
  ]);
  expect(known(exogenous?.plan)).toEqual([[20, 1]]);
  const { panel } = await features.readOnline();
  expect(panel.exogenous?.plan).toHaveLength(panel.length + HORIZON);
  expect(known(panel.exogenous?.plan)).toEqual([
    [20, 1],
    [27, 3],
  ]);
  expect(panel.exogenous?.heat).toHaveLength(panel.length);
});

test('a row with a series applies to that series, a row without one to all', async () => {
  const open = async () => ({
    relation:
      `(VALUES ('plan', 'a', 1), ('plan', 'b/2', 2), ('plan', NULL, 3), ('hot', 'a', 4)) ` +
      'AS v(name, id, x)',
    ...{ column: 'name', series: 'id', value: 'x', rejections: [] },
    ...{ knownAt: `TIMESTAMP '2026-01-01 15:00:00'`, about: `TIMESTAMP '2026-01-02 02:00:00'` },
  });
  const part = { name: 'values', feed: 'extra', fingerprint: '1', span: null, open };
  const { manifest } = await run([part]);
  expect(manifest.objects.find(({ feed }) => feed === '@extra')).toMatchObject({
    ...{ rowsIn: 4, rowsUsed: 3, rejected: { unknown_column: 1 } },
  });
  const { panel } = await features.readOnline();
  const columns = Object.entries(panel.exogenous ?? {}).map(([name, values]) => [
    name,
    known(values),
    values.length,
  ]);
  const reach = panel.length + HORIZON;
  expect(columns).toEqual([
    ['plan', [[26, 3]], reach],
    ['plan@a', [[26, 1]], reach],
    ['plan@b/2', [[26, 2]], reach],
  ]);
});

test('later values without new demand give a snapshot and report of the same demand', async () => {
  const first = await run(valuesOf(['heat', '01 06:00:00', null, 1]));
  bench.clock.advance(1000);
  const second = await run(valuesOf(['heat', '01 06:00:00', null, 2]));
  expect(second.changed).toBe(true);
  expect(second.report).toMatchObject({
    seriesCount: 1,
    mean: first.report?.mean,
    byHour: first.report?.byHour,
  });
  expect(known((await features.readAsOf()).exogenous?.heat)).toEqual([[5, 2]]);
});

test('refuses a commit without demand, and demand in an exogenous feed', async () => {
  const parts = valuesOf(['heat', '01 06:00:00', null, 1]);
  const nothing = { description: 'nothing', parts: async () => [] };
  await expect(run(parts, nothing)).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  await expect(run(parts, day('@main'))).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    message: expect.stringContaining('@main'),
  });
  expect(await features.head()).toBeNull();
});

test('rejects every value if the domain names no column', async () => {
  const parts = valuesOf(['heat', '01 06:00:00', null, 1]);
  const none = { ...domain, pastExogenous: [], futureExogenous: [] };
  await expect(run(parts, day(), none)).rejects.toMatchObject({
    code: 'RAW_FILE_INVALID',
    message: expect.stringContaining('unknown_column'),
  });
});
