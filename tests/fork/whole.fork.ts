/**
 * Purpose: a fork as a whole: a domain over an unknown file, a new name, then its demo, its types,
 * its lint, its fast tests and the templates of its stacks. `npm run test:fork`; a quarter of an
 * hour.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RepositoryCopy } from '../fixtures/cli/copy-repository.ts';
import { forkRepository, isRenamed } from '../fixtures/cli/fork.ts';

const testUnrenamed = (await isRenamed()) ? test.skip : test;

let copy: RepositoryCopy | undefined;
beforeAll(async () => {
  if (!(await isRenamed())) copy = await forkRepository();
});
afterAll(() => copy?.remove());

testUnrenamed.each([
  ['npm run -s headway -- demo --domain visits', /Fetched one forecast over HTTP/],
  ['npm run -s format', /Checked \d+ files/],
  ['npm run -s typecheck', /^\s*$/],
  ['npm run -s lint', /no dependency violations/],
  ['npm test', /Tests: +(\d+ skipped, )?\d+ passed, \d+ total/],
  ['npm run -s test:integration -- tests/integration/infra', /Tests: +\d+ passed, \d+ total/],
])('%s', async (command, printed) => {
  expect(await copy?.shell(command)).toMatch(printed);
});
