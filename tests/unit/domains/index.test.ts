import { expect, test } from '@jest/globals';
import { domains, findDomain } from '../../../domains/index.ts';
import { keepsDefinition } from '../../fixtures/domain-contract.ts';

test('domains have distinct valid names and are found by them', () => {
  expect(new Set(domains.map(({ name }) => name)).size).toBe(domains.length);
  for (const domain of domains) {
    expect(domain.name).toMatch(/^[a-z][a-z0-9-]{0,31}$/);
    expect(findDomain(domain.name)).toBe(domain);
    keepsDefinition(domain);
  }
});

test('an unknown name is refused with the known ones', () => {
  const names = domains.map(({ name }) => name).join(', ');
  expect(() => findDomain('no-such-domain')).toThrow(
    expect.objectContaining({ code: 'DOMAIN_UNKNOWN', fix: `Use one of: ${names}.` }),
  );
});
