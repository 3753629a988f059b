import { rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { electricity } from '../../../../domains/electricity/definition.ts';
import { type FeatureFixture, featureFixture, utc } from '../../../fixtures/feature-fixture.ts';

describe('load files', () => {
  let bench: FeatureFixture;
  beforeEach(async () => {
    bench = await featureFixture(electricity);
  });
  afterEach(() => bench.remove());
  const write = (name: string, lines: string[], end = '\n') => {
    const text = lines.join(end) + end;
    return writeFile(join(bench.input, name), name.endsWith('.gz') ? gzipSync(text) : text);
  };

  test('label the end of the hour and need no order', async () => {
    await write(
      'AEP_hourly.csv',
      ['Datetime,AEP_MW', '2018-07-02 00:00:00,120.5', '2018-07-01 01:00:00,100.0'],
      '\r\n',
    );
    const { parts, values } = await bench.read();
    expect(parts[0]).toMatchObject({ rowsIn: 2, rowsUsed: 2, rejected: {} });
    expect(values).toEqual(
      new Map([
        [`AEP@${utc('2018-07-01T04')}`, 100],
        [`AEP@${utc('2018-07-02T03')}`, 120.5],
      ]),
    );
    expect(parts[0].span).toEqual({
      start: utc('2018-07-01T04'),
      end: utc('2018-07-02T04'),
    });
  });

  test('take a repeated hour in file order and reject a skipped one', async () => {
    await write('DOM_hourly.csv.gz', [
      'Datetime,DOM_MW',
      ...[
        '2015-11-01 01:00:00,10',
        '2015-11-01 02:00:00,20',
        '2015-11-01 02:00:00,30',
        '2015-11-01 03:00:00,40',
      ],
      ...['2015-03-08 02:00:00,50', '2015-03-08 03:00:00,999', '2015-03-08 04:00:00,60'],
      ...['2016-11-06 01:00:00,70', '2016-11-06 02:00:00,80', '2016-11-06 03:00:00,90'],
    ]);
    const { parts, values } = await bench.read();
    expect(parts[0].rejected).toEqual({ nonexistent_local_time: 1 });
    expect(values).toEqual(
      new Map([
        [`DOM@${utc('2015-11-01T04')}`, 10],
        [`DOM@${utc('2015-11-01T05')}`, 20],
        [`DOM@${utc('2015-11-01T06')}`, 30],
        [`DOM@${utc('2015-11-01T07')}`, 40],
        [`DOM@${utc('2015-03-08T06')}`, 50],
        [`DOM@${utc('2015-03-08T07')}`, 60],
        [`DOM@${utc('2016-11-06T04')}`, 70],
        [`DOM@${utc('2016-11-06T05')}`, 80],
        [`DOM@${utc('2016-11-06T07')}`, 90],
      ]),
    );
  });

  test('reject and count invalid rows, and keep the first of two values', async () => {
    await write('FE_hourly.csv', [
      'Datetime,FE_MW',
      ...['2018-01-01 05:00:00,7.0', '2018-01-01 05:00:00,7.0', '2018-01-01 05:00:00,8.0'],
      ...[
        '2018-01-01 06:00:00,',
        '2018-01-01 06:00:00,abc',
        '2018-01-01 06:00:00,-5',
        '2018-01-01 06:00:00,0.0',
      ],
      ...[
        '2018-01-01 06:00:00,nan',
        '2018-01-01 06:00:00,inf',
        '2018-01-01 06:00:00,1e99',
        '2018-01-01 06:00:00,1,234',
      ],
      ...[
        '2018-01-01,5.0',
        '01/01/2018 06:00,5.0',
        '2018-01-01 06:30:00,5.0',
        'nonsense',
        '2018-02-30 06:00:00,5.0',
      ],
      '1200-01-01 06:00:00,5.0',
    ]);
    const { parts } = await bench.read();
    expect(parts[0]).toMatchObject({
      rowsIn: 17,
      rowsUsed: 1,
      rejected: {
        bad_time: 5,
        bad_value: 8,
        duplicate: 1,
        conflicting_value: 1,
        absurd_time: 1,
      },
    });
  });

  test('are refused together if bad, each by name', async () => {
    await write('OK_hourly.csv', ['Datetime,OK_MW', '2018-01-01 05:00:00,7.0']);
    await write('AA_hourly.csv', ['time,load', '2018-01-01 05:00:00,7.0']);
    await write('BB_hourly.csv', ['Datetime,BB_MW']);
    await writeFile(join(bench.input, 'CC_hourly.csv'), '');
    await write('DD_hourly.csv.gz', [
      'Datetime,DD_MW',
      ...Array.from({ length: 500 }, (_, i) => `2018-01-01 05:00:00,${i}`),
    ]);
    await truncate(join(bench.input, 'DD_hourly.csv.gz'), 200);
    await write('EE_hourly.csv', ['Datetime,OK_MW', '2018-01-01 05:00:00,7.0']);
    await writeFile(
      join(bench.input, 'FF_hourly.csv.gz'),
      'Datetime,FF_MW\n2018-01-01 05:00:00,7.0\n',
    );
    const error = await bench.read().catch((caught) => caught);
    expect(error.code).toBe('RAW_FILE_INVALID');
    for (const name of ['AA', 'BB', 'CC', 'DD', 'FF', 'OK'])
      expect(error.message).toContain(`${name}_hourly.csv`);
    expect(error.fix).toContain('Datetime,<REGION>_MW');
  });

  test('report what is expected of a missing, empty or foreign folder', async () => {
    await expect(bench.read(join(bench.folder, 'nowhere'))).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
    });
    await expect(bench.read()).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      fix: expect.stringContaining('_hourly.csv'),
    });
  });

  test('have another identity when changed or renamed, and only then', async () => {
    const identities = async () => {
      const source = await electricity.openSource(bench.input, bench.context);
      return (await source.parts()).map(({ name, fingerprint }) => `${name} ${fingerprint}`);
    };
    await write('AEP_hourly.csv', ['Datetime,AEP_MW', '2018-07-01 01:00:00,100.0']);
    const before = await identities();
    expect(await identities()).toEqual(before);
    await rename(join(bench.input, 'AEP_hourly.csv'), join(bench.input, 'DOM_hourly.csv'));
    expect(await identities()).not.toEqual(before);
    await write('AEP_hourly.csv', ['Datetime,AEP_MW', '2018-07-01 01:00:00,101.0']);
    expect(await identities()).not.toContain(before[0]);
  });
});

test('maps a region to one area of the grid, and an unknown one to none', () => {
  const areas = ['PJME', 'AEP', 'DOM', 'XYZ'].map((region) => electricity.groupsOf?.(region));
  expect(areas.map((groups) => groups?.map(({ groupId }) => groupId))).toEqual([
    ...[['mid-atlantic'], ['west'], ['south'], []],
  ]);
});
