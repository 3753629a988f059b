/** Purpose: the samples of all domains that ship keep the contract of a source. */
import { expect, test } from '@jest/globals';
import { domains } from '../../../domains/index.ts';
import { keepsSource } from '../../fixtures/domain-contract.ts';

const samples = domains.flatMap((domain) =>
  domain.quickSource === 'sample' ? [[domain.name, domain] as const] : [],
);

test('samples of the shipped domains exist', () => {
  expect(samples.map(([name]) => name)).toEqual(expect.arrayContaining(['bikes', 'weather']));
});

test.each(samples)('reads the sample of %s twice alike and adds a day', (_name, domain) =>
  keepsSource(domain, 'sample'),
);
