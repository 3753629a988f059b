/** Purpose: the published trip files of Healthy Ride, 2015 to 2018: every row is accounted for. */
import { expect, test } from '@jest/globals';
import { bikes } from '../../../../domains/bikes/definition.ts';
import { featureFixture } from '../../../fixtures/feature-fixture.ts';
import { sharedData } from '../../../fixtures/shared-data.ts';

const folder = sharedData('healthy-ride');

(folder === null ? test.skip : test)('twelve quarters, a lost one apart', async () => {
  const fixture = await featureFixture(bikes);
  try {
    const { parts } = await fixture.read(folder as string);
    const sum = (of: (part: (typeof parts)[number]) => number) =>
      parts.reduce((total, part) => total + of(part), 0);
    expect(parts).toHaveLength(12);
    expect(sum((part) => part.rowsIn)).toBe(203_721);
    expect(sum((part) => part.rowsUsed)).toBe(202_001);
    // Bikes that stood at no station.
    expect(sum((part) => part.rejected.missing_series ?? 0)).toBe(1_720);
  } finally {
    await fixture.remove();
  }
});
