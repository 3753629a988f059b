/**
 * Purpose: the small inputs that an earlier version read wrongly, each with what is right.
 */
import { cp, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Domain, RawRows } from '../../../domains/domain.ts';
import { electricity } from '../../../domains/electricity/definition.ts';
import { csvTable, openCsvFile } from '../../../platform/duckdb/csv-table.ts';
import { timeSql } from '../../../platform/duckdb/time-sql.ts';
import { filesFingerprint, sourceFiles } from '../../../platform/files/source-files.ts';
import { shops } from '../../../tools/example-domain/definition.ts';
import { type FeatureFixture, featureFixture, utc } from '../../fixtures/feature-fixture.ts';
import { sharedCase } from '../../fixtures/shared-data.ts';

let bench: FeatureFixture;
afterEach(() => bench?.remove());

async function read(domain: Domain, name: string) {
  bench = await featureFixture(domain);
  return bench.read(sharedCase(name) as string);
}

const has = (name: string) => sharedCase(name) !== null;
const when = (name: string) => (has(name) ? test : test.skip);

/** Measured values or events from files with the columns id, time and value. */
const simple = (of: { isCount?: boolean; isUtc?: boolean }): Domain => ({
  ...shops,
  name: 'm',
  missing: of.isCount ? 'zero' : 'unknown',
  integerValued: of.isCount === true,
  expectations: {},
  async openSource(spec) {
    const paths = await sourceFiles(spec, { noun: 'file', isWanted: () => true, fix: '' });
    const open = async (path: string): Promise<RawRows> => {
      const wanted = { id: 'id', time: 'time', ...(of.isCount ? {} : { value: 'value' }) };
      const { localTime, instant, isBad } = timeSql(of.isUtc ? "time || 'Z'" : 'time');
      return {
        relation: csvTable([await openCsvFile(path, wanted)]),
        ...{ seriesId: 'id', localTime, instant, duplicateKey: [] },
        value: of.isCount ? null : 'try_cast(value AS DOUBLE)',
        rejections: [{ reason: 'bad_time', when: isBad }],
      };
    };
    const parts = async () =>
      Promise.all(
        paths.map(async (path) => ({
          ...{ name: basename(path), feed: basename(path), span: null },
          ...(await filesFingerprint([path])),
          open: () => open(path),
        })),
      );
    return { description: spec, parts };
  },
});

describe('columns, files and keys', () => {
  when('column-order-min')('column-order-min: by name', async () => {
    const { parts, values } = await read(shops, 'column-order-min');
    expect(parts[0]).toMatchObject({ rowsIn: 4, rowsUsed: 4, rejected: {} });
    expect([...values.keys()].sort()).toEqual(
      ['08', '09', '10', '11'].map((hour) => `north@${utc(`2026-07-06T${hour}`)}`),
    );
  });

  when('column-order6')('column-order6: no duplicates, two shops', async () => {
    const { parts, values } = await read(shops, 'column-order6');
    expect(parts[0]?.rejected).toEqual({});
    expect(new Set([...values.keys()].map((key) => key.split('@')[0])).size).toBe(2);
  });

  when('column-append-min')('column-append-min: a further column is read by', async () => {
    const { parts } = await read(shops, 'column-append-min');
    expect(parts[0]).toMatchObject({ rowsIn: 2, rowsUsed: 2 });
  });

  when('no-header-min')('no-header-min: the file is refused', async () => {
    await expect(read(shops, 'no-header-min')).rejects.toMatchObject({
      code: 'RAW_FILE_INVALID',
      message: expect.stringContaining('orders-2.csv line 1 has no column'),
    });
  });

  when('upper')('upper: both files are read', async () => {
    const { parts } = await read(shops, 'upper');
    const only = (await read(shops, 'upper/orders-1.csv')).parts[0]!.rowsIn;
    expect(parts[0]!.rowsUsed).toBeGreaterThan(only);
  });

  when('latin1')('latin1: file, line and encoding', async () => {
    await expect(read(shops, 'latin1')).rejects.toMatchObject({
      message: expect.stringMatching(/^orders-1\.csv line 102 is not UTF-8: ".*Café/),
    });
  });

  when('null-key-min')('null-key-min: an empty key equals none', async () => {
    const { parts, values } = await read(shops, 'null-key-min');
    expect(parts[0]).toMatchObject({ rowsUsed: 4, rejected: {} });
    expect([...values.keys()].some((key) => key.startsWith('B@'))).toBe(true);
  });

  when('id-control')('id-control: the row is rejected', async () => {
    const { parts } = await read(shops, 'id-control');
    expect(parts[0]).toMatchObject({ rowsIn: 3, rowsUsed: 2, rejected: { bad_series: 1 } });
  });

  when('float-max-min')('float-max-min: the row is rejected', async () => {
    const { parts } = await read(simple({}), 'float-max-min');
    expect(parts[0]).toMatchObject({ rowsUsed: 2, rejected: { value_out_of_range: 1 } });
  });
});

describe('times', () => {
  when('utc-z-min')('utc-z-min: Z and offsets', async () => {
    const { values } = await read(shops, 'utc-z-min');
    expect([...values.keys()].sort()).toEqual(
      ['10', '11'].map((hour) => `A@${utc(`2026-07-15T${hour}`)}`),
    );
  });

  when('ev-utc')('ev-utc: events of the two hours in autumn', async () => {
    const { values } = await read(simple({ isCount: true, isUtc: true }), 'ev-utc');
    expect(values.get(`x@${utc('2026-10-25T00')}`)).toBe(10);
    expect(values.get(`x@${utc('2026-10-25T01')}`)).toBe(2);
  });

  when('utc-desc')('utc-desc: values of the two hours, newest first', async () => {
    const { values } = await read(simple({ isUtc: true }), 'utc-desc');
    expect(values.get(`x@${utc('2026-10-25T00')}`)).toBe(1576);
    expect(values.get(`x@${utc('2026-10-25T01')}`)).toBe(1577);
  });

  when('el-2400-all')('el-2400-all: midnight is read', async () => {
    const { parts, values } = await read(electricity, 'el-2400-all');
    expect(parts[0]?.rejected).toEqual({});
    // 24:00 on 20 July ends the hour that began at 23:00 in New York, 3:00 in UTC.
    expect(values.get(`AEP@${utc('2026-07-21T03')}`)).toBe(1540.3);
  });
});

when('el-gone12')(
  'el-gone12: a file that goes takes its series along, with a warning',
  async () => {
    bench = await featureFixture(electricity);
    await mkdir(bench.input, { recursive: true });
    await cp(sharedCase('el-gone12') as string, bench.input, { recursive: true });
    expect((await bench.run()).report?.seriesCount).toBe(12);
    await rm(join(bench.input, 'R07_hourly.csv'));
    const { report } = await bench.run();
    expect(report?.seriesCount).toBe(11);
    expect(report?.vanishedSeries).toEqual(['R07']);
    expect(report?.verdicts.find(({ name }) => name === 'vanished_series')).toMatchObject({
      outcome: 'warn',
      value: 1 / 12,
    });
  },
);
