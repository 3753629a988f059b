/** Purpose: a slice of the fuzzer: `npm run fuzz` sends 50,000 requests. */
import { expect, test } from '@jest/globals';
import { silentProgress } from '../../platform/progress.ts';
import { runs } from '../fixtures/property-runs.ts';
import { fuzz } from '../fuzz/fuzz.ts';
import { complaints } from '../fuzz/verdict.ts';

test('valid and hostile requests get documented responses and leave nothing open', async () => {
  const report = await fuzz({ requests: runs(1800), seed: 1, progress: silentProgress });
  expect(complaints(report)).toEqual([]);
  expect(Object.keys(report.byKind).length).toBeGreaterThan(35);
  expect(Object.keys(report.byStatus)).toEqual(
    expect.arrayContaining(['200', '304', '400', '404', '405', '413', '415', '422', '431']),
  );
});
