import { describe, expect, test } from '@jest/globals';
import {
  brokerPorts,
  type Configuration,
  ConfigurationError,
  checkConfiguration,
  configurationProblems,
  type Stream,
} from '../../../../infra/aws/configuration.ts';
import { environments } from '../../../../infra/aws/environments.ts';
import { everything } from '../../../fixtures/aws/variants.ts';

const { dev } = environments;

test('accepts the shipped environments and one with every option', () => {
  for (const configuration of [dev, environments.prod, everything])
    expect(configurationProblems(configuration)).toEqual([]);
});

test('accepts a stream without a user in Headway’s own network', () => {
  const open = { brokers: 'kafkas://b-1.example.org:9094', signIn: null, network: null };
  const stream = { ...everything.stream!, ...open };
  expect(configurationProblems({ ...dev, stream })).toEqual([]);
  const brokers = 'kafkas://a.example.org:9196,b.example.org:9196,c.example.org:9197';
  expect(brokerPorts({ ...stream, brokers })).toEqual([9196, 9197]);
});

test('accepts a repository with its ids', () => {
  const delivery = { ...dev.delivery, repository: 'example@123456/my-repo@456789' };
  expect(configurationProblems({ ...dev, delivery })).toEqual([]);
});

test('no shipped environment names an account, an address or a repository', () => {
  for (const { account, region, monitoring, delivery } of Object.values(environments))
    expect([account, region, monitoring.mail, delivery.repository]).toEqual([
      null,
      null,
      null,
      null,
    ]);
});

describe('invalid values are named with path, value and what is allowed', () => {
  const inference = (changes: Partial<Configuration['inference']>) => ({
    ...dev,
    inference: { ...dev.inference, ...changes },
  });
  const monitoring = (changes: Partial<Configuration['monitoring']>) => ({
    ...dev,
    monitoring: { ...dev.monitoring, ...changes },
  });
  const training = (changes: object) => ({
    ...dev,
    training: { ...dev.training, compute: { ...dev.training.compute, ...changes } },
  });
  const batch = (changes: object) => ({
    ...everything,
    batch: { ...everything.batch!, ...changes },
  });
  const stream = (changes: Partial<Stream>) => ({
    ...everything,
    stream: { ...everything.stream!, ...changes },
  });
  const signIn = (changes: object) =>
    stream({ signIn: { ...everything.stream!.signIn!, ...changes } });
  const network = (changes: object) =>
    stream({ network: { ...everything.stream!.network!, ...changes } });
  test.each<[Configuration, string]>([
    [{ ...dev, environment: 'test' as 'dev' }, 'environment is "test"; it must be dev or prod'],
    [
      { ...dev, account: '12', region: 'eu-west-1' },
      'account is "12"; it must be 12 digits, or null',
    ],
    [
      { ...dev, account: '123456789012' },
      'account and region is ["123456789012",null]; it must be both given or both null',
    ],
    [{ ...dev, account: '123456789012', region: 'Frankfurt' }, 'region is "Frankfurt"'],
    [{ ...dev, domain: '../x' }, 'domain is "../x"; it must be the name of a folder in domains/'],
    [{ ...dev, logDays: 10 }, 'logDays is 10; it must be one of 1, 3, 5, 7, 14'],
    [
      { ...dev, undeleteDays: 0 },
      'undeleteDays is 0; it must be a whole number from 1 to 365 days',
    ],
    [
      { ...dev, features: { ...dev.features, schedule: '5 * * * *' } },
      'features.schedule is "5 * * * *"; it must be cron(',
    ],
    [
      { ...dev, features: { ...dev.features, schedule: 'rate(0 hours)' } },
      'features.schedule is "rate(0 hours)"',
    ],
    [
      {
        ...dev,
        features: { ...dev.features, compute: { kind: 'lambda', memoryMb: 512, storageMb: 4096 } },
      },
      'features.compute.memoryMb is 512',
    ],
    [
      training({ memoryMb: 1024 }),
      'training.compute.memoryMb is 1024; it must be from 4096 to 16384 in steps of 1024 with 2048 CPU',
    ],
    [training({ cpu: 1000 }), 'training.compute.cpu is 1000; it must be 256, 512, 1024'],
    [training({ storageGb: 20 }), 'training.compute.storageGb is 20'],
    [{ ...dev, training: { ...dev.training, timeoutHours: 0 } }, 'training.timeoutHours is 0'],
    [batch({ shards: 1001 }), 'batch.shards is 1001; it must be a whole number from 1 to 1000'],
    [batch({ maxAtOnce: 0 }), 'batch.maxAtOnce is 0'],
    [batch({ schedule: 'hourly' }), 'batch.schedule is "hourly"; it must be cron('],
    [
      batch({ compute: { kind: 'lambda', memoryMb: 20_000, storageMb: 512 } }),
      'batch.compute.memoryMb is 20000',
    ],
    [stream({ topic: 'a/b' }), 'stream.topic is "a/b"; it must be a topic'],
    [
      stream({ brokers: 'kafka://b-1.example.org:9092' }),
      'stream.brokers is "kafka://b-1.example.org:9092"; it must be kafkas://HOST:PORT',
    ],
    [stream({ brokers: 'kafkas://b-1.example.org:9094' }), 'null where it names none'],
    [stream({ signIn: null }), 'stream.signIn is null; it must be given where'],
    [signIn({ mechanism: 'AWS_MSK_IAM' }), 'stream.signIn.mechanism is "AWS_MSK_IAM"'],
    [signIn({ secretArn: 'AmazonMSK_headway' }), 'it must be the complete ARN of a secret'],
    [
      signIn({ keyArn: 'arn:aws:kms:us-east-1:123456789012:alias/mine' }),
      'it must be the ARN of a key, not of an alias, or null',
    ],
    [network({ vpcId: 'main' }), 'stream.network.vpcId is "main"; it must be vpc-…'],
    [network({ subnetIds: [] }), 'stream.network.subnetIds is []'],
    [network({ brokersGroupId: '' }), 'stream.network.brokersGroupId is ""'],
    [
      stream({ compute: { cpu: 256, memoryMb: 512, storageGb: 21 } }),
      'stream.compute.memoryMb is 512; it must be 1024 or more',
    ],
    [stream({ everySeconds: 0 }), 'stream.everySeconds is 0'],
    [
      stream({ everySeconds: 601, silentAfterMinutes: 20 }),
      'stream.everySeconds is 601; it must be at most half of stream.silentAfterMinutes',
    ],
    [stream({ silentAfterMinutes: 7 }), 'stream.silentAfterMinutes is 7; it must be a whole'],
    [
      inference({ timeoutSeconds: 30 }),
      'inference.timeoutSeconds is 30; it must be a whole number from 1 to 29',
    ],
    [inference({ memoryMb: 128 }), 'inference.memoryMb is 128'],
    [
      inference({ provisionedConcurrency: 5, maxConcurrency: 2 }),
      'inference.provisionedConcurrency is 5; it must be at most inference.maxConcurrency (2)',
    ],
    [inference({ firewallRequestsPerFiveMinutes: 100 }), 'region is null; it must be us-east-1'],
    [
      { ...everything, inference: { ...everything.inference, front: 'http-api' } },
      'inference.front is "http-api"; it must be function-url behind a firewall',
    ],
    [
      { ...everything, inference: { ...everything.inference, apiKeys: true } },
      'inference.apiKeys is true; it must be false where inference.firewall',
    ],
    [
      inference({ front: 'function-url', throttle: null }),
      'inference.front is "function-url"; it must be http-api, or have inference.apiKeys',
    ],
    [
      inference({ front: 'function-url', apiKeys: true }),
      'inference.throttle is {"ratePerSecond":10,"burst":20}; it must be null',
    ],
    [inference({ throttle: null }), 'inference.throttle is null; it must be ratePerSecond'],
    [monitoring({ mail: 'me' }), 'monitoring.mail is "me"; it must be an address, or null'],
    [monitoring({ monthlyBudgetUsd: 0 }), 'monitoring.monthlyBudgetUsd is 0'],
    [monitoring({ coverageTolerance: 1 }), 'monitoring.coverageTolerance is 1'],
    [
      { ...dev, delivery: { ...dev.delivery, repository: 'owner/*' } },
      'delivery.repository is "owner/*"',
    ],
    [
      { ...dev, delivery: { ...dev.delivery, repository: 'owner@1/name' } },
      'delivery.repository is "owner@1/name"; it must be OWNER/NAME or OWNER@ID/NAME@ID',
    ],
    [
      { ...dev, delivery: { ...dev.delivery, branch: '*' } },
      'delivery.branch is "*"; it must be the name of one branch',
    ],
  ])('case %#', (configuration, problem) => {
    const problems = configurationProblems(configuration);
    expect(problems.join('\n')).toContain(problem);
    expect(() => checkConfiguration(configuration)).toThrow(ConfigurationError);
  });

  test('reports all problems at once with the file to edit', () => {
    const wrong = { ...dev, logDays: 10, undeleteDays: 0 };
    expect(() => checkConfiguration(wrong)).toThrow(
      /dev cannot be deployed \(infra\/aws\/environments\.ts\):\n- logDays .*\n- undeleteDays /,
    );
  });
});
