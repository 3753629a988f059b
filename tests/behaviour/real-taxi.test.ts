/** Purpose: a year of real trips through the command line: every row is accounted for, and what comes out is a panel. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporaryPlace, type WarmHeadway, warmHeadway } from '../cli/warm-headway.ts';
import { sharedData } from '../shared-data.ts';

const folder = sharedData('tlc-green-2023');
const realTest = folder === null ? test.skip : test;

let place: Awaited<ReturnType<typeof temporaryPlace>>;
let warm: WarmHeadway;
beforeAll(async () => {
  place = await temporaryPlace();
  warm = warmHeadway();
});
afterAll(async () => {
  await warm.close();
  await place.remove();
});

realTest(
  '787,060 rows in: used or rejected for a reason, and used rows are in the panel',
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

    // Twelve local months of hours, from New York's midnight to New York's midnight; counts add up to the rows used.
    const csv = (await warm.run(['panel', 'export'], env)).stdout.trimEnd().split('\n').slice(1);
    const series = new Set(csv.map((line) => line.slice(0, line.indexOf(','))));
    expect(csv).toHaveLength(series.size * 365 * 24);
    expect(csv[0]).toContain(',2023-01-01 05:00:00,');
    expect(csv.at(-1)).toContain(',2024-01-01 04:00:00,');
    expect(sum(csv.map((line) => Number(line.slice(line.lastIndexOf(',') + 1))))).toBe(used);

    const again = await warm.run(['features', 'run'], env);
    expect([again.code, again.stdout.startsWith('Nothing new')]).toEqual([0, true]);
  },
  120_000,
);
