/**
 * Purpose: `--exogenous` and HEADWAY_EXOGENOUS: off unless named, handed on to child processes,
 * refused where a domain knows no columns.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openContext } from '../../../cli/context.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-exogenous-'));
  await writeFile(join(folder, 'w.csv'), 'DATE,PRCP,SNOW,TMAX,TMIN\n2023-01-01,0,0,50,40\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the exogenous source is off by default', async () => {
  const context = openContext({ domain: 'taxi' }, {});
  expect(await context.exogenous()).toBeNull();
  expect(context.childEnvironment).not.toHaveProperty('HEADWAY_EXOGENOUS');
});

test('a source named by flag or environment is opened and passed to child processes', async () => {
  for (const context of [
    openContext({ domain: 'taxi', exogenous: folder }, { HEADWAY_EXOGENOUS: 'other' }),
    openContext({ domain: 'taxi' }, { HEADWAY_EXOGENOUS: folder }),
  ]) {
    expect(await (await context.exogenous())?.parts()).toMatchObject([
      { name: 'w.csv', feed: 'weather' },
    ]);
    expect(context.childEnvironment.HEADWAY_EXOGENOUS).toBe(folder);
  }
});

test('refuses a missing source and a domain without exogenous columns', async () => {
  const missing = openContext({ domain: 'taxi', exogenous: join(folder, 'none') }, {});
  await expect(missing.exogenous()).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  const other = openContext({ domain: 'electricity', exogenous: folder }, {});
  await expect(other.exogenous()).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    where: 'HEADWAY_EXOGENOUS',
  });
});
