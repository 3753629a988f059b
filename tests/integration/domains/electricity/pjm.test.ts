import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { electricity } from '../../../../domains/electricity/definition.ts';
import { type FeatureFixture, featureFixture, utc } from '../../../fixtures/feature-fixture.ts';
import { sharedData } from '../../../fixtures/shared-data.ts';

const data = sharedData('pjm-hourly');

(data ? describe : describe.skip)('ten PJM regions, as published', () => {
  let bench: FeatureFixture;
  beforeAll(async () => {
    bench = await featureFixture(electricity);
    await bench.run(data!);
  });
  afterAll(() => bench.remove());

  test('uses every row but one zero, with correct hours around clock changes', async () => {
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
