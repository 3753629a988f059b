/**
 * Purpose: the configurations that the tests of infra/ look at: the two environments as they are,
 * and one in which everything that can be switched on is.
 * Invariants: names no account, repository or address that exists.
 * Fails: never.
 */
import type { Configuration } from '../../infra/configuration.ts';
import { environments } from '../../infra/environments.ts';

export const plain: readonly Configuration[] = Object.values(environments);

const { prod } = environments;
export const everything: Configuration = {
  ...prod,
  account: '123456789012',
  region: 'us-east-1',
  domain: 'electricity',
  source: 'folder:/somewhere',
  exogenous: 'folder:/elsewhere',
  features: { ...prod.features, compute: { kind: 'lambda', memoryMb: 3072, storageMb: 4096 } },
  batch: {
    schedule: 'cron(20 * * * ? *)',
    compute: { kind: 'lambda', memoryMb: 6144, storageMb: 4096 },
    shards: 32,
    mostAtOnce: 16,
  },
  inference: {
    ...prod.inference,
    ...{ front: 'function-url', rollout: 'linear', provisionedConcurrency: 2, mostConcurrency: 10 },
    ...{ apiKeys: true, actuals: true, firewallRequestsPerFiveMinutes: 1000 },
  },
  monitoring: { ...prod.monitoring, mail: 'somebody@example.org', staleAfterHours: 6 },
  delivery: { repository: 'example-owner/example-name', branch: 'main', createProvider: true },
};
