/** Purpose: `npm run cost`, which prints the monthly bill of a size. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { headwayBill } from '../../../infra/cost/bill.ts';
import { PRICES } from '../../../infra/cost/prices.ts';
import { SIZES } from '../../../infra/cost/sizes.ts';
import { ROOT } from '../../tidy/source-tree.ts';

const cost = (...flags: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'infra/cost/main.ts', ...flags], {
    cwd: ROOT,
  });

test('prints JSON with the prices it used, and refuses what it does not know', async () => {
  const { stdout } = await cost('--size', 'city', '--json');
  const report = JSON.parse(stdout);
  expect(report.bill.total).toBeCloseTo(headwayBill(SIZES.city).total, 6);
  expect(report.prices.athenaScan).toEqual(PRICES.athenaScan);
  await expect(cost('--size', 'village')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('portfolio'),
  });
});
