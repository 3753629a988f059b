/**
 * Purpose: the stacks as CloudFormation would get them, and the very function that would be
 * deployed.
 * Invariants: synthesised once; one process, because loading the CDK's assertions is most of the
 * time.
 * Fails: with what the synthesis says, or with the property that is not as it must be.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { all, synthesise } from '../../fixtures/aws/synthesised.ts';
import { dataTests } from './stacks/data.ts';
import { deployedFunctionTests } from './stacks/deployed-function.ts';
import { jobTests } from './stacks/jobs.ts';
import { operationsTests } from './stacks/operations.ts';
import { policyTests } from './stacks/policies.ts';
import { servingTests } from './stacks/serving.ts';
import { storeRightsTests } from './stacks/store-rights.ts';
import { streamTests } from './stacks/stream.ts';

let remove: () => Promise<void>;
beforeAll(async () => {
  remove = await synthesise();
});
afterAll(() => remove());

test('synthesizes the documented stacks of each environment', () => {
  const names = ['data', 'features', 'inference', 'monitoring', 'network', 'training'];
  const everything = ['batch', 'data', 'delivery', ...names.slice(1), 'stream'];
  expect(
    all()
      .map(([name]) => name)
      .sort(),
  ).toEqual([
    ...names.map((name) => `dev-${name}`),
    ...everything.map((name) => `everything-${name}`).sort(),
    ...names.map((name) => `prod-${name}`),
  ]);
});

policyTests();
dataTests();
jobTests();
streamTests();
servingTests();
operationsTests();
deployedFunctionTests();
storeRightsTests();
