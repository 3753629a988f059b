/** Purpose: how quarterly trip files of bikes are read: names, spans, a lost quarter. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bikes } from '../../../../domains/bikes/definition.ts';
import { runFeatures } from '../../../../services/feature/run.ts';
import { openFeatureStore } from '../../../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../../../storage/objects/file-object-store.ts';
import { type FeatureFixture, featureFixture } from '../../../fixtures/feature-fixture.ts';

const HEADER = 'Trip id,Starttime,Stoptime,From station id,From station name\n';
const day = (date: string) => Date.parse(`${date}T00:00Z`);

let fixture: FeatureFixture;
beforeEach(async () => {
  fixture = await featureFixture(bikes);
});
afterEach(() => fixture.remove());

const write = (name: string, lines: string) =>
  writeFile(
    join(fixture.input, name),
    name.endsWith('.gz') ? gzipSync(HEADER + lines) : HEADER + lines,
  );

test('counts rentals by local date, and completes each past quarter', async () => {
  await write(
    'healthy-ride-rentals-2017-q1.csv',
    '1,1/5/2017 8:28,x,1043,A\n2,1/5/2017 23:59,x,1043,A\n2,1/5/2017 23:59,x,1043,A\n' +
      '3,3/12/2017 2:30,x,1001,B\n4,1/6/2017 8:00,x,,BIKE 70328\n5,13/1/2017 8:00,x,1001,B\n',
  );
  await write('healthyride-rentals-2015-q2.csv.gz', '9,6/3/2015 7:00,x,1043,A\n');
  const { parts, values } = await fixture.read();
  expect(Object.fromEntries(values)).toEqual({
    [`1043@${day('2015-06-03')}`]: 1,
    [`1043@${day('2017-01-05')}`]: 2,
    // An hour that the clocks of the city skip is a part of its day.
    [`1001@${day('2017-03-12')}`]: 1,
  });
  expect(parts.map(({ span, rejected }) => [span.start, span.end, rejected])).toEqual([
    [day('2015-05-31'), day('2015-07-01'), {}],
    [...[day('2017-01-01'), day('2017-04-01')], { duplicate: 1, missing_series: 1, bad_time: 1 }],
  ]);
});

test('days of a quarter without a file are unknown, days without a rental zero', async () => {
  await write('healthyride-rentals-2015-q2.csv', '1,6/29/2015 7:00,x,1043,A\n');
  await write('healthyride-rentals-2015-q4.csv', '2,10/2/2015 7:00,x,1043,A\n');
  const { clock, context, folder, input, workFolder } = fixture;
  const store = fileObjectStore(join(folder, 'store'));
  const features = openFeatureStore({ store, domain: bikes.name, clock });
  const source = await bikes.openSource(input, context);
  await runFeatures({ ...context, domain: bikes, source, features, workFolder });
  const { start, columns } = await features.readAsOf();
  const at = (date: string) => columns.target[(day(date) - start) / 86_400_000];
  expect(['2015-06-29', '2015-06-30', '2015-10-01', '2015-10-02'].map(at)).toEqual([1, 0, 0, 1]);
  expect(['2015-07-01', '2015-08-15', '2015-09-30'].map(at)).toEqual([NaN, NaN, NaN]);
});

test('an unfinished quarter covers only the days of its rows', async () => {
  await write(
    'healthy-ride-rentals-2026-q4.csv',
    '1,10/3/2026 7:00,x,1,A\n2,11/20/2026 7:00,x,1,A\n',
  );
  const { parts } = await fixture.read();
  expect(parts[0]?.span).toEqual({ start: day('2026-10-03'), end: day('2026-11-21') });
});
