/** Purpose: a file of which no row is usable is named, though the part that it is of has others. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { electricity } from '../../../../domains/electricity/definition.ts';
import { type FeatureFixture, featureFixture } from '../../../fixtures/feature-fixture.ts';

let fixture: FeatureFixture;
afterEach(() => fixture.remove());

const HOUR = 3_600_000;
const labels = Array.from({ length: 21 * 24 }, (_, hour) =>
  new Date(Date.UTC(2026, 10, 1) + hour * HOUR).toISOString().slice(0, 19).replace('T', ' '),
);
const write = (region: string, value: (hour: number) => string) =>
  writeFile(
    join(fixture.input, `${region}_hourly.csv`),
    [`Datetime,${region}_MW`, ...labels.map((label, hour) => `${label},${value(hour)}`), ''].join(
      '\n',
    ),
  );

test('the contract names an unusable file in a warning', async () => {
  fixture = await featureFixture(electricity);
  await write('R01', (hour) => String(1000 + (hour % 24)));
  await write('R02', (hour) => (hour === 300 ? 'n/a' : '2000'));
  await write('R03', () => 'n/a');
  const { report } = await fixture.run();
  expect(report?.verdicts.find(({ name }) => name === 'unusable_files')).toMatchObject({
    outcome: 'warn',
    value: 1,
    detail: 'no row of R03_hourly.csv is usable',
  });
});
