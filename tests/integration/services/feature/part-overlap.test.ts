import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Domain, ExogenousSource, RawPart, RawRows } from '../../../../domains/domain.ts';
import type { Panel } from '../../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../../platform/clock.ts';
import { csvFiles } from '../../../../platform/duckdb/sql.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import type { QualityReport } from '../../../../services/feature/quality-report.ts';
import { runFeatures } from '../../../../services/feature/run.ts';
import { openFeatureStore } from '../../../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../../../storage/objects/file-object-store.ts';
import { domain as counted, measured } from '../../../fixtures/contract-fixture.ts';
import { runs } from '../../../fixtures/property-runs.ts';
import { commitObjects } from '../../../fixtures/storage/features.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 6, 1);
const noLimits = (of: Domain): Domain => {
  const { expectations: _, ...rest } = of;
  return rest;
};
const METERS = noLimits(measured);
const EVENTS = noLimits(counted);

let folder: string;
let stores = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-overlap-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function openBench(domain: Domain) {
  const clock = fixedClock(START + 1000 * HOUR);
  const store = fileObjectStore(join(folder, `store-${stores++}`));
  const features = openFeatureStore({ store, domain: domain.name, clock });
  const warnings: string[] = [];
  const logger = Object.assign(Object.create(silentLogger) as typeof silentLogger, {
    warn: (_fields: object, text: string) => void warnings.push(text),
  });
  return {
    features,
    clock,
    warnings,
    run: (...parts: RawPart[]) => runWith(null, ...parts),
    runWith,
  };

  async function runWith(exogenous: ExogenousSource | null, ...parts: RawPart[]) {
    clock.advance(1000);
    return runFeatures({
      exogenous,
      source: { description: 'a test', parts: async () => parts },
      ...{ domain, features, clock, logger, progress: silentProgress },
      workFolder: join(folder, 'work'),
    });
  }
}

const at = (hour: number): string => new Date(START + hour * HOUR).toISOString();
const spanOf = (from: number, to: number) => ({
  start: START + from * HOUR,
  end: START + to * HOUR,
});

/** A CSV file of rows [series, hour, value] as a part. */
async function csv(
  name: string,
  rows: readonly (readonly [string, number, number])[],
  { value = 'value' as string | null, ...options }: Partial<RawPart> & Partial<RawRows> = {},
): Promise<RawPart> {
  const path = join(folder, `${stores}-${name}`);
  const lines = rows.map(([id, hour, value]) => `${id},${at(hour).slice(0, 19)},${value}`);
  await writeFile(path, `id,time,value\n${lines.join('\n')}\n`);
  const relation = csvFiles(
    [path],
    "columns = {'id': 'VARCHAR', 'time': 'TIMESTAMP', 'value': 'DOUBLE'}",
    'auto_detect = false',
    'header = true',
  );
  const meaning = { relation, seriesId: 'id', localTime: 'time', duplicateKey: [], rejections: [] };
  return {
    ...{ name, feed: 'meters', fingerprint: JSON.stringify(rows), span: null },
    open: async () => ({ ...meaning, value }),
    ...options,
  };
}

/** "series@hour" → value of what is known. */
function known(panel: Panel): Map<string, number> {
  const values = new Map<string, number>();
  for (const [row, id] of panel.seriesIds.entries()) {
    for (let t = 0; t < panel.length; t++) {
      const value = panel.columns.target[row * panel.length + t] as number;
      const hour = (panel.start - START) / HOUR + t;
      if (!Number.isNaN(value)) values.set(`${id}@${hour}`, value);
    }
  }
  return values;
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, n) => total + n, 0);

describe('parts of one feed', () => {
  const alpha = [
    ['alpha', 0, 100],
    ['alpha', 1, 101],
  ] as const;
  const beta = [
    ['beta', 0, 200],
    ['beta', 1, 201],
  ] as const;
  const BOTH = new Map([
    ['alpha@0', 100],
    ['alpha@1', 101],
    ['beta@0', 200],
    ['beta@1', 201],
  ]);

  test('refuses one file a meter in one feed with both names, and commits nothing', async () => {
    const { run, features } = openBench(METERS);
    const both = run(await csv('alpha.csv', alpha), await csv('beta.csv', beta));
    await expect(both).rejects.toMatchObject({
      code: 'PARTS_OVERLAP',
      message: `the parts "alpha.csv" and "beta.csv" of the feed "meters" both cover ${at(0)} to ${at(2)}, and only one of them can be read there`,
      fix: expect.stringContaining('feeds of their own'),
    });
    expect(await features.head()).toBeNull();
  });

  test('reads one file a meter as separate feeds or as one part', async () => {
    const own = openBench(METERS);
    await own.run(
      await csv('alpha.csv', alpha, { feed: 'alpha' }),
      await csv('beta.csv', beta, { feed: 'beta' }),
    );
    expect(known(await own.features.readAsOf())).toEqual(BOTH);
    const one = openBench(METERS);
    const { report } = await one.run(await csv('meters.csv', [...alpha, ...beta]));
    expect(known(await one.features.readAsOf())).toEqual(BOTH);
    expect(report?.run.rowsUsed).toBe(4);
  });

  test('refuses a file that overlaps another, unless spans are stated', async () => {
    const first = await csv(
      'h1.csv',
      [0, 1, 2, 3, 4].map((hour) => ['a', hour, 1]),
      {},
    );
    const second = await csv(
      'h2.csv',
      [3, 4, 5, 6].map((hour) => ['a', hour, 1]),
      {},
    );
    const overlap = {
      code: 'PARTS_OVERLAP',
      message: expect.stringContaining(
        `"h1.csv" and "h2.csv" of the feed "meters" both cover ${at(3)} to ${at(5)}`,
      ),
    };
    await expect(openBench(METERS).run(first, second)).rejects.toMatchObject(overlap);

    const { run, features } = openBench(METERS);
    const { manifest } = await run(first);
    await expect(run(first, second)).rejects.toMatchObject(overlap);
    expect((await features.head())?.snapshotVersion).toBe(manifest.snapshotVersion);

    const stated = openBench(METERS);
    const { report } = await stated.run(
      { ...first, span: spanOf(0, 3) },
      { ...second, span: spanOf(3, 7) },
    );
    expect(report?.run).toEqual({ rowsIn: 9, rowsUsed: 7, rejected: { outside_span: 2 } });
    expect(known(await stated.features.readAsOf()).size).toBe(7);
  });

  test('refuses overlapping stated spans and exogenous parts', async () => {
    const { run, runWith, features } = openBench({ ...METERS, pastExogenous: ['heat', 'rain'] });
    const x = await csv('x', [['a', 0, 1]], { span: spanOf(0, 24) });
    const y = await csv('y', [['a', 30, 1]], { span: spanOf(23, 48) });
    await expect(run(x, y)).rejects.toMatchObject({ code: 'PARTS_OVERLAP' });
    const column = (name: string) => ({
      ...{ name: `${name}.csv`, feed: 'weather', fingerprint: name, span: null },
      open: async () => ({
        relation: `(SELECT make_timestamp(${START + HOUR} * 1000) AS t)`,
        ...{ column: `'${name}'`, knownAt: 't', about: null, value: '1.0', rejections: [] },
      }),
    });
    const exogenous = {
      description: 'weather',
      parts: async () => [column('heat'), column('rain')],
    };
    await expect(runWith(exogenous, x)).rejects.toMatchObject({
      code: 'PARTS_OVERLAP',
      message: expect.stringContaining('"heat.csv" and "rain.csv"'),
    });
    expect(await features.head()).toBeNull();
  });

  test('refuses two parts with one name', async () => {
    const { run, features } = openBench(METERS);
    await expect(
      run(await csv('a.csv', alpha), await csv('a.csv', [['beta', 5, 1]])),
    ).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: 'two parts of the feed "meters" have the name "a.csv"',
    });
    expect(await features.head()).toBeNull();
  });

  test('a removed part is superseded by its name or within a stated span', async () => {
    const { run, features } = openBench(METERS);
    await run(await csv('old.csv', alpha));
    await expect(run(await csv('new.csv', [['alpha', 1, 7]]))).rejects.toMatchObject({
      code: 'PARTS_OVERLAP',
      fix: expect.stringContaining('give it the same name'),
    });
    await run(await csv('old.csv', [['alpha', 1, 7]]));
    expect(known(await features.readAsOf())).toEqual(
      new Map([
        ['alpha@0', 100],
        ['alpha@1', 7],
      ]),
    );
    await run(await csv('new.csv', [['alpha', 0, 8]], { span: spanOf(0, 2) }));
    expect(known(await features.readAsOf())).toEqual(new Map([['alpha@0', 8]]));
  });

  test('reads an older store with overlaps unchanged, and the run warns about them', async () => {
    const { run, features, warnings } = openBench(METERS);
    const parts = [await csv('alpha.csv', alpha), await csv('beta.csv', beta)];
    await run(parts[0] as RawPart);
    // The earlier version committed both; the store takes what it is given.
    const other = openBench(METERS);
    const { manifest } = await other.run(parts[1] as RawPart);
    const { key: _, sha256: __, bytes: ___, ...object } = manifest.objects[0]!;
    const path = join(folder, `store-${stores - 1}`, manifest.objects[0]!.key);
    const { schema } = manifest;
    await commitObjects(features, { reason: 'x', schema, newObjects: [{ ...object, path }] });
    expect((await run(...parts)).changed).toBe(false);
    expect(warnings).toContainEqual(expect.stringContaining('"alpha.csv" and "beta.csv"'));
    expect(known(await features.readAsOf()).has('beta@0')).toBe(true);
  });

  test('judges a restated part as it is read if feeds are summed', async () => {
    const { run, features } = openBench(EVENTS);
    const day = (count: number): (readonly [string, number, number])[] =>
      Array.from({ length: count }, () => ['a', 2, 0] as const);
    const part = (feed: string, count: number) =>
      csv(`${feed}.csv`, day(count), { feed, value: null, span: spanOf(0, 4) });
    await run(await part('one', 3), await part('two', 5));
    const { report } = await run(await part('one', 4), await part('two', 5));
    expect(report).toMatchObject({ mean: 9 / 4, run: { rowsUsed: 4 }, total: { rowsUsed: 9 } });
    expect(sum(known(await features.readAsOf()).values())).toBe(9);
  });
});

interface Drawn {
  readonly feed: string;
  readonly isStated: boolean;
  readonly from: number;
  /** Of each hour from `from` on, the events of series a and b. */
  readonly counts: readonly (readonly [number, number])[];
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  feed: fc.constantFrom('one', 'one', 'two'),
  isStated: fc.boolean(),
  from: fc.integer({ min: 0, max: 20 }),
  counts: fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 5 }),
});

describe('rows used', () => {
  /** From the first to the last hour that a part covers, as an oracle of its own. */
  const hoursOf = ({ isStated, from, counts }: Drawn): number[] => {
    const covered = counts.map((_, i) => from + i);
    if (isStated) return covered;
    const busy = covered.filter((hour) => sum(counts[hour - from] as readonly number[]) > 0);
    return covered.filter((hour) => hour >= busy[0]! && hour <= busy.at(-1)!);
  };
  const eventsOf = ({ counts }: Drawn): number => sum(counts.flat());
  const partOf = (part: Drawn, index: number) =>
    csv(
      `part-${index}`,
      part.counts.flatMap(([a, b], i) => [
        ...Array.from({ length: a }, () => [`${part.feed} a`, part.from + i, 0] as const),
        ...Array.from({ length: b }, () => [`${part.feed} b`, part.from + i, 0] as const),
      ]),
      {
        ...{ feed: part.feed, value: null },
        span: part.isStated ? spanOf(part.from, part.from + part.counts.length) : null,
      },
    );

  test('equal the rows that the snapshot accounts for, or the run is refused', async () => {
    let refused = 0;
    const check = async (specs: Drawn[], restated: number) => {
      const parts = specs.filter((spec) => eventsOf(spec) > 0);
      fc.pre(parts.length > 0);
      const { run, features } = openBench({ ...EVENTS, missing: 'unknown' });
      const names: string[][] = [];
      for (const [i, a] of parts.entries())
        for (const [j, b] of parts.entries())
          if (i < j && a.feed === b.feed && hoursOf(a).some((hour) => hoursOf(b).includes(hour)))
            names.push([`part-${i}`, `part-${j}`]);
      const first = await Promise.all(parts.map(partOf));
      const ran = await run(...first).catch((error) => error);
      if (names.length > 0) {
        refused++;
        expect(ran).toMatchObject({ code: 'PARTS_OVERLAP' });
        expect(names.some((pair) => pair.every((name) => ran.message.includes(name)))).toBe(true);
        expect(await features.head()).toBeNull();
        return;
      }
      await expectAllCounted(ran.report, parts);
      // One of them is published again, with one event more in each hour that it covers.
      const index = restated % parts.length;
      const more = parts.map((part, i): Drawn => {
        const hours = hoursOf(part);
        const counts = part.counts.map(([a, b], t): [number, number] =>
          i === index && hours.includes(part.from + t) ? [a + 1, b] : [a, b],
        );
        return { ...part, counts };
      });
      const { report } = await run(...(await Promise.all(more.map(partOf))));
      expect(report?.run.rowsUsed).toBe(eventsOf(more[index] as Drawn));
      await expectAllCounted(report, more);

      async function expectAllCounted(found: QualityReport | null, of: readonly Drawn[]) {
        const all = sum(of.map(eventsOf));
        expect(found?.total.rowsUsed).toBe(all);
        expect(sum(known(await features.readAsOf()).values())).toBe(all);
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(drawn, { minLength: 1, maxLength: 4 }), fc.nat(), check),
      { numRuns: runs(30), seed: 16 },
    );
    expect(refused).toBeGreaterThan(2);
  });
});
