/** Purpose: a replay that is resumed with other settings is refused, whichever setting it is. */
import { expect, test } from '@jest/globals';
import { planText, type ReplayIdentity } from '../../../cli/actions/monitoring/replay-plan.ts';
import { configOf } from '../../../cli/actions/train.ts';
import { openCheckpoints } from '../../../storage/replay/checkpoints.ts';
import { domain } from '../../fakes/inference.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';

const HOUR = 3_600_000;
const config = await configOf({ steps: 300 }, domain);
const began: ReplayIdentity = {
  plan: { from: 0, until: 48 * HOUR, everyMs: HOUR, checkEveryMs: 24 * HOUR },
  ...{ config, demandOnly: false, policyHash: 'abc', seed: 7, quantiles: [0.1, 0.5, 0.9] },
  ...{ source: 'city', exogenous: null, store: 'file:./.headway' },
};
const restore = async (identity: ReplayIdentity) => {
  const store = memoryObjectStore();
  const open = (one: ReplayIdentity) =>
    openCheckpoints({ store, domain: 'toy', plan: planText(one) });
  await open(began).save(5 * HOUR);
  return open(identity).restore();
};

test('resumes with the same settings, however the configuration was built', async () => {
  expect(await restore({ ...began, config: await configOf({ steps: 300 }, domain) })).toBe(
    5 * HOUR,
  );
});

test.each<[string, Partial<ReplayIdentity>]>([
  ['steps', { config: { ...config, fit: { ...config.fit, steps: 301 } } }],
  ['test days', { config: { ...config, testDays: config.testDays + 1 } }],
  [
    'another field of the configuration',
    { config: { ...config, fit: { ...config.fit, members: 9 } } as never },
  ],
  ['demand only', { demandOnly: true }],
  ['source', { source: 'city:places=24' }],
  ['exogenous', { exogenous: 'weather.csv' }],
  ['policy', { policyHash: 'other' }],
  ['seed', { seed: 8 }],
  ['quantiles', { quantiles: [0.25, 0.5, 0.75] }],
  ['span', { plan: { ...began.plan, until: 72 * HOUR } }],
  ['rhythm', { plan: { ...began.plan, everyMs: 2 * HOUR } }],
  ['store of the features', { store: 's3://other' }],
])('refuses another %s and names both values', async (_name, change) => {
  const identity = { ...began, ...change };
  const refused = restore(identity);
  await expect(refused).rejects.toMatchObject({ code: 'REPLAY_FOREIGN' });
  await expect(refused).rejects.toThrow(planText(began));
  await expect(refused).rejects.toThrow(planText(identity));
});

test('hides user and query of an address, but another address is another replay', () => {
  const source = 'https://me:hidden@data.example/sales.csv?token=hidden';
  const text = planText({ ...began, source, exogenous: source });
  expect(text).not.toContain('hidden');
  expect(text).toContain('source https://data.example/sales.csv ');
  expect(planText({ ...began, source: `${source}&shop=2`, exogenous: source })).not.toBe(text);
});
