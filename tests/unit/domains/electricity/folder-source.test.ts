import { rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from '@jest/globals';
import { electricity } from '../../../../domains/electricity/definition.ts';
import { type FeatureFixture, featureFixture, utc } from '../../../fixtures/feature-fixture.ts';
import { sharedData } from '../../../fixtures/shared-data.ts';

// The first run in a file loads danfo, which takes seconds on a busy machine.
jest.setTimeout(60_000);

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

  test('a label tells when the hour ended; rows need no order', async () => {
    await write(
      'AEP_hourly.csv',
      ['Datetime,AEP_MW', '2018-07-02 00:00:00,120.5', '2018-07-01 01:00:00,100.0'],
      '\r\n',
    );
    const { parts, manifest } = await bench.run();
    expect(parts[0]).toMatchObject({ rowsIn: 2, rowsUsed: 2, rejected: {} });
    expect(bench.features.values()).toEqual(
      new Map([
        [`AEP@${utc('2018-07-01T04')}`, 100],
        [`AEP@${utc('2018-07-02T03')}`, 120.5],
      ]),
    );
    expect(manifest.objects[0].span).toEqual({
      start: utc('2018-07-01T04'),
      end: utc('2018-07-02T04'),
    });
  });

  test('daylight saving: the doubled hour in file order, a single one first, the skipped one rejected', async () => {
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
    const { parts } = await bench.run();
    expect(parts[0].rejected).toEqual({ nonexistent_local_time: 1 });
    expect(bench.features.values()).toEqual(
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

  test('rows that cannot be right are rejected and counted, the earlier of two values stands', async () => {
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
    const { parts } = await bench.run();
    expect(parts[0]).toMatchObject({
      rowsIn: 17,
      rowsUsed: 1,
      rejected: {
        bad_time: 5,
        bad_value: 8,
        duplicate: 1,
        conflicting_value: 1,
        implausible_time: 1,
      },
    });
  });

  test('bad files are refused, all of them named', async () => {
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
    const error = await bench.run().catch((caught) => caught);
    expect(error.code).toBe('RAW_FILE_INVALID');
    for (const name of ['AA', 'BB', 'CC', 'DD', 'FF', 'OK'])
      expect(error.message).toContain(`${name}_hourly.csv`);
    expect(error.fix).toContain('Datetime,<REGION>_MW');
    expect(await bench.features.head()).toBeNull();
  });

  test('a missing, empty or foreign folder says what is expected', async () => {
    await expect(bench.run(join(bench.folder, 'nowhere'))).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
    });
    await expect(bench.run()).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      fix: expect.stringContaining('_hourly.csv'),
    });
  });

  test('a changed file, a new file and a renamed one are a new publication, an unchanged folder is none', async () => {
    await write('AEP_hourly.csv', ['Datetime,AEP_MW', '2018-07-01 01:00:00,100.0']);
    await bench.run();
    expect((await bench.run()).changed).toBe(false);
    await write('DOM_hourly.csv', ['Datetime,DOM_MW', '2018-07-01 01:00:00,50.0']);
    bench.clock.advance(3_600_000);
    expect((await bench.run()).changed).toBe(true);
    expect(bench.features.values().size).toBe(2);
    await rename(join(bench.input, 'DOM_hourly.csv'), join(bench.input, 'dom2_hourly.csv'));
    bench.clock.advance(3_600_000);
    expect((await bench.run()).changed).toBe(true);
  });
});

const data = sharedData('pjm-hourly');

(data ? describe : describe.skip)('ten PJM regions, as published', () => {
  let bench: FeatureFixture;
  beforeAll(async () => {
    bench = await featureFixture(electricity);
    await bench.run(data!);
  }, 60_000);
  afterAll(() => bench.remove());

  test('every row but one zero is used; hours around the clock changes are where a calendar puts them', async () => {
    const head = await bench.features.head();
    expect(head!.objects[0]).toMatchObject({
      rowsIn: 998_821,
      rowsUsed: 998_820,
      rejected: { bad_value: 1 },
    });
    const values = bench.features.values();
    const pjme = (hour: string) => values.get(`PJME@${utc(hour)}`);
    // Autumn 2015: labels 01:00, 02:00, 02:00, 03:00 end the hours from 04:00, 05:00, 06:00, 07:00
    // UTC.
    expect(['2015-11-01T04', '2015-11-01T05', '2015-11-01T06', '2015-11-01T07'].map(pjme)).toEqual([
      22614, 21567, 21171, 20861,
    ]);
    // Spring 2015: label 02:00 ends the hour from 06:00 UTC, the next label 04:00 the hour from
    // 07:00.
    expect(['2015-03-08T06', '2015-03-08T07'].map(pjme)).toEqual([28653, 28368]);
    // Autumn 2005: the label 02:00 is missing, and with it both of its hours.
    expect(['2005-10-30T04', '2005-10-30T05', '2005-10-30T06', '2005-10-30T07'].map(pjme)).toEqual([
      25623,
      undefined,
      undefined,
      23302,
    ]);
  });
});
