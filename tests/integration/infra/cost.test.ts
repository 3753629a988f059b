/**
 * Purpose: `npm run cost`, which prints the monthly bill of a size: as docs/cost.md derives it by
 * hand from settings and price pages, and as the documents state it.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Bill } from '../../../infra/cost/bill.ts';
import { PRICES } from '../../../infra/cost/prices.ts';
import { SIZE_NAMES, type SizeName } from '../../../infra/cost/sizes.ts';
import { ROOT } from '../../tidy/source-tree.ts';

const cost = (...flags: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'infra/cost/main.ts', ...flags], {
    cwd: ROOT,
  });

const reports = {} as Record<SizeName, { bill: Bill; alternatives: Bill[]; prices: object }>;
beforeAll(async () => {
  for (const name of SIZE_NAMES)
    reports[name] = JSON.parse((await cost('--size', name, '--json')).stdout);
});

const page = (name: string): string => readFileSync(`${ROOT}/docs/${name}.md`, 'utf8');
const rows = (text: string): string[][] =>
  [...text.matchAll(/^\| (.+) \|$/gm)].map(([, row]) => (row as string).split(' | '));

/** Sums of products of numbers, with brackets: nothing else. */
function evaluate(expression: string): number {
  expect(expression).toMatch(/^[\d.\s()+×/]+$/);
  return Number(new Function(`return ${expression.replaceAll('×', '*')}`)());
}

test('prints JSON with its prices and refuses an unknown size', async () => {
  expect(reports.city.prices).toMatchObject({ loadBalancerHour: PRICES.loadBalancerHour });
  await expect(cost('--size', 'village')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('company'),
  });
});

describe.each([
  ['dev', 1],
  ['prod', 3],
] as const)('%s', (name, column) => {
  const table = rows(page('cost').split('## The same by hand')[1] as string).filter(([, cell]) =>
    /^[\d(]/.test(cell ?? ''),
  );

  test('every line is within a tenth of the manual calculation, and none is missing', () => {
    const { lines } = reports[name].bill;
    expect(lines.map(({ item }) => item)).toEqual(table.map(([item]) => item));
    for (const [index, row] of table.entries()) {
      const byHand = evaluate(row[column] as string);
      expect([row[0], row[column + 1]]).toEqual([row[0], byHand.toFixed(2)]);
      const share = (lines[index] as { dollars: number }).dollars / byHand;
      expect([row[0], share > 0.9 && share < 1.1, share]).toEqual([row[0], true, share]);
    }
  });
});

test('each size costs more than the previous one', () => {
  const totals = SIZE_NAMES.map((name) => reports[name].bill.total);
  expect([...totals].sort((a, b) => a - b)).toEqual(totals);
});

test('the documents state what the program computes', () => {
  const dollars = (text: string | undefined) => Number(text?.replace(/[$,]/g, ''));
  for (const [name, , stated] of rows(page('cost')).filter((row) => row[2]?.startsWith('$')))
    expect([name, dollars(stated)]).toEqual([
      name,
      Math.round(reports[name?.replaceAll('`', '') as SizeName].bill.total),
    ]);
  const summary = rows(page('scaling')).find(([name]) => name === 'Headway on AWS') as string[];
  for (const [index, name] of SIZE_NAMES.entries())
    expect([name, Math.abs(dollars(summary[index + 1]) - reports[name].bill.total) < 1]).toEqual([
      name,
      true,
    ]);
});
