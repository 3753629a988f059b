/** Purpose: how sales and their plan are read from the same files: units, prices, what is ahead. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { retail } from '../../../../domains/retail/definition.ts';
import { runFeatures } from '../../../../services/feature/run.ts';
import { openFeatureStore } from '../../../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../../../storage/objects/file-object-store.ts';
import { type FeatureFixture, featureFixture } from '../../../fixtures/feature-fixture.ts';

const HEADER = 'date,store,item,announced,price,promotion,units';
let fixture: FeatureFixture;
beforeEach(async () => {
  fixture = await featureFixture(retail, '2026-03-03T06:00:00Z');
});
afterEach(() => fixture.remove());

const write = (lines: readonly string[]) =>
  writeFile(join(fixture.input, 'sales.csv'), [HEADER, ...lines, ''].join('\n'));

test('reads units by store and item; a future day has a plan and no units', async () => {
  await write([
    '2026-03-01,1,bread,2026-02-10,2.5,0,7',
    '2026-03-02,1,bread,2026-02-10,2,1,12',
    '2026-03-02,2,bread,2026-02-10,2,1,x',
    '2026-03-03,1,bread,2026-02-10,2,1,',
  ]);
  const { values, parts } = await fixture.read();
  const day = (date: string) => Date.parse(`${date}T00:00Z`);
  expect(Object.fromEntries(values)).toEqual({
    [`1-bread@${day('2026-03-01')}`]: 7,
    [`1-bread@${day('2026-03-02')}`]: 12,
  });
  expect(parts[0]?.rejected).toEqual({ bad_value: 1 });
});

test('assigns prices and promotions to their days, and rejects late announcements', async () => {
  await write([
    '2026-03-01,1,bread,2026-02-10,2.5,0,7',
    '2026-03-02,1,bread,2026-02-10,2,1,12',
    '2026-03-03,1,bread,2026-02-10,1.8,1,',
    // Announced within the horizon: a forecast of two weeks before could not have known it.
    '2026-03-04,1,bread,2026-03-01,1,1,',
  ]);
  const { clock, context, folder, input, workFolder } = fixture;
  await mkdir(workFolder, { recursive: true });
  const store = fileObjectStore(join(folder, 'store'));
  const features = openFeatureStore({ store, domain: retail.name, clock });
  const source = await retail.openSource(input, context);
  const exogenous = await retail.openExogenous?.(input, context);
  const { parts } = await runFeatures({
    ...{ ...context, domain: retail, source, features, workFolder },
    ...(exogenous ? { exogenous } : {}),
  });
  const { exogenous: columns } = (await features.readOnline()).panel;
  const column = (name: string) => Array.from(columns?.[name]?.subarray(0, 4) ?? []);
  expect(column('promotion@1-bread').slice(0, 3)).toEqual([0, 1, 1]);
  expect(column('price@1-bread')[2]).toBeCloseTo(1.8);
  expect(parts.find(({ name }) => name === 'plan')?.rejected).toEqual({ known_too_late: 2 });
});
