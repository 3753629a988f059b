/**
 * Purpose: a year of real trips through the command line: every row is accounted for, and what
 * comes out is a panel.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../../platform/clock.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { openStore } from '../../../storage/open-store.ts';
import { type CliWorker, cliWorker, temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { sharedData } from '../../fixtures/shared-data.ts';

const folder = sharedData('tlc-green-2023');
const realTest = folder === null ? test.skip : test;

let place: Awaited<ReturnType<typeof temporaryPlace>>;
let warm: CliWorker;
beforeAll(async () => {
  place = await temporaryPlace();
  warm = cliWorker();
});
afterAll(async () => {
  await warm.close();
  await place.remove();
});

realTest(
  'uses or rejects each of 787,060 rows for a reason, and the panel has the used rows',
  async () => {
    const env = { ...place.env, HEADWAY_SOURCE: folder as string };
    const { code, stdout, stderr } = await warm.run(['features', 'run', '--json'], env);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('Error')]);
    const { parts, changed } = JSON.parse(stdout) as {
      changed: boolean;
      parts: { rowsIn: number; rowsUsed: number; rejected: Record<string, number> }[];
    };
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    expect([changed, parts.length]).toEqual([true, 12]);
    expect(sum(parts.map(({ rowsIn }) => rowsIn))).toBe(787_060);
    const used = sum(parts.map(({ rowsUsed }) => rowsUsed));
    expect(used + sum(parts.flatMap(({ rejected }) => Object.values(rejected)))).toBe(787_060);
    expect(used).toBeGreaterThan(0.98 * 787_060);

    // Twelve local months of hours, from New York's midnight to New York's midnight; counts add up
    // to the rows used.
    const store = openStore(place.env.HEADWAY_STORE);
    const panel = await openFeatureStore({ store, domain: 'taxi', clock: systemClock }).readAsOf();
    expect([panel.start, panel.length]).toEqual([Date.UTC(2023, 0, 1, 5), 365 * 24]);
    expect(panel.columns.target.reduce((a, b) => a + b, 0)).toBe(used);

    const again = await warm.run(['features', 'run'], env);
    expect([again.code, again.stdout.startsWith('Nothing new')]).toEqual([0, true]);
  },
);
