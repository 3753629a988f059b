/**
 * Purpose: a fork, the short form: after a new domain and a new name the diff holds what it should
 * and nothing else, and the tests of both pass in it. `npm run test:fork` runs its demo and all of
 * its tests.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyRepository, type RepositoryCopy } from '../../fixtures/cli/copy-repository.ts';
import { differenceOf, forkRepository, isRenamed, NAME } from '../../fixtures/cli/fork.ts';
import { processesWith } from '../../fixtures/cli/headway-process.ts';

// A project that was renamed has nothing to try here.
const testUnrenamed = (await isRenamed()) ? test.skip : test;

let copy: RepositoryCopy | undefined;
beforeAll(async () => {
  if (!(await isRenamed())) copy = await forkRepository();
});
afterAll(() => copy?.remove());

testUnrenamed('the diff contains only the new domain and the names', async () => {
  const { added, changed } = await differenceOf(copy as RepositoryCopy);
  expect(added).toEqual([
    'domains/visits/README.md',
    'domains/visits/definition.ts',
    'tests/unit/domains/visits/definition.test.ts',
    'tests/unit/domains/visits/sample/visits.csv',
    'visits.csv',
  ]);
  for (const path of ['package.json', 'README.md', 'docker-compose.yml', 'web/page.html'])
    expect([...changed.keys()]).toContain(path);
  for (const [path, lines] of changed) {
    const other = lines.filter((line) => !line.includes(NAME) && !line.includes('Shop forecasts'));
    expect([path, other]).toEqual([path, path === 'domains/index.ts' ? lines : []]);
  }
});

testUnrenamed(
  'the tests of the domain, images, manifests and stacks pass in the fork',
  async () => {
    const tests = 'tests/unit/domains/visits tests/unit/delivery tests/unit/infra/aws';
    expect(await copy?.shell(`npm test -- ${tests}`)).toMatch(/Tests: +\d+ passed, \d+ total/);
  },
);

// The processes are found in /proc.
const testOnLinux = process.platform === 'linux' ? test : test.skip;
testOnLinux('removing a copy ends its processes', async () => {
  const other = await copyRepository();
  const running = other.shell('node --eval "setInterval(() => {}, 1e6)"; echo').catch(() => null);
  while ((processesWith(other.root)?.length ?? 0) < 2)
    await new Promise((resolve) => setImmediate(resolve));
  await other.remove();
  expect(processesWith(other.root)).toEqual([]);
  expect(await running).toBeNull();
});
