/**
 * Purpose: names the domains there are. A fork adds its own here, in one line.
 * Invariants: names are unique.
 * Fails: `findDomain` throws DOMAIN_UNKNOWN and lists the known names.
 */
import { HeadwayError } from '../platform/errors.ts';
import { bikes } from './bikes/definition.ts';
import type { Domain } from './domain.ts';
import { electricity } from './electricity/definition.ts';
import { retail } from './retail/definition.ts';
import { stocks } from './stocks/definition.ts';
import { taxi } from './taxi/definition.ts';
import { weather } from './weather/definition.ts';

export const domains: readonly Domain[] = [taxi, electricity, bikes, weather, retail, stocks];

export function findDomain(name: string): Domain {
  const domain = domains.find((candidate) => candidate.name === name);
  if (domain) return domain;
  throw new HeadwayError('DOMAIN_UNKNOWN', `there is no domain ${JSON.stringify(name)}`, {
    fix: `Use one of: ${domains.map((known) => known.name).join(', ')}.`,
  });
}
