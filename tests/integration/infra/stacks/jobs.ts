/**
 * Purpose: features and training, and the network they run in.
 * Invariants: registers tests for tests/integration/infra/stacks.test.ts, which synthesises once
 * for all of them.
 * Fails: as a test.
 */
import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { ERROR_CODES } from '../../../../platform/errors.ts';
import { flat } from '../../../fixtures/aws/policy-audit.ts';
import { all, stack } from '../../../fixtures/aws/synthesised.ts';

type State = Record<string, never> & {
  Type: string;
  Next?: string;
  Parameters: Record<string, unknown>;
};
/** The state machine's text, its references left as <…>. */
function machineOf(name: string): { StartAt: string; States: Record<string, State> } {
  const [machine] = Object.values(stack(name).findResources('AWS::StepFunctions::StateMachine'));
  return JSON.parse(flat(machine?.Properties.DefinitionString));
}

export function jobTests(): void {
  test('copies of the store take half of the available disk', () => {
    const found = all().flatMap(([name, { Resources }]) =>
      Object.values(Resources).flatMap(({ Type, Properties }) => {
        const { Environment, EphemeralStorage } = Properties as {
          Environment?: { Variables?: Record<string, string> };
          EphemeralStorage?: { Size: number };
        };
        return Type === 'AWS::Lambda::Function' && EphemeralStorage !== undefined
          ? [[name, Number(Environment?.Variables?.HEADWAY_CACHE_MB) * 2, EphemeralStorage.Size]]
          : [];
      }),
    );
    expect(found.length).toBeGreaterThan(2);
    for (const [name, cached, disk] of found) expect([name, cached]).toEqual([name, disk]);
  });

  describe('features stack', () => {
    test('runs the image’s command in a function for 15 minutes, with failures in the queue', () => {
      const template = stack('dev-features');
      template.hasResourceProperties('AWS::Lambda::Function', {
        PackageType: 'Image',
        Architectures: ['arm64'],
        Timeout: 900,
        MemorySize: 3008,
        EphemeralStorage: { Size: 4096 },
        ImageConfig: {
          EntryPoint: ['node', '--import', 'tsx', 'platform/jobs/lambda-job.ts'],
          Command: ['schedule', '--only', 'features', '--once'],
          WorkingDirectory: '/app',
        },
      });
      template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
        MaximumRetryAttempts: 1,
        DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
      });
      template.hasResourceProperties('AWS::Scheduler::Schedule', {
        ScheduleExpression: 'rate(6 hours)',
        Target: Match.objectLike({
          DeadLetterConfig: Match.anyValue(),
          RetryPolicy: Match.anyValue(),
        }),
      });
      template.hasParameter('ImageTag', { Type: 'String', AllowedPattern: Match.anyValue() });
    });

    test('runs the same command on Fargate, on spare capacity first', () => {
      const template = stack('prod-features');
      template.resourceCountIs('AWS::Lambda::Function', 0);
      const states = machineOf('prod-features');
      expect(states.States.RunOnSpareCapacity.Parameters).toMatchObject({
        CapacityProviderStrategy: [{ CapacityProvider: 'FARGATE_SPOT', Weight: 1 }],
        Overrides: {
          ContainerOverrides: [
            { Name: 'headway', Command: ['schedule', '--only', 'features', '--once'] },
          ],
        },
      });
      template.hasResourceProperties('AWS::ECS::TaskDefinition', {
        Cpu: '1024',
        Memory: '2048',
        RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
        ContainerDefinitions: [
          Match.objectLike({ ReadonlyRootFilesystem: true, Privileged: false, StopTimeout: 120 }),
        ],
      });
    });
  });

  describe('training stack', () => {
    test('asks for what was known at its start, so that a moved run asks the same', () => {
      for (const state of ['RunOnSpareCapacity', 'RunAtFullPrice'])
        expect(machineOf('prod-training').States[state]?.Parameters).toMatchObject({
          Overrides: {
            ContainerOverrides: [
              { 'Command.$': "States.Array('train', '--known-at', $$.Execution.StartTime)" },
            ],
          },
        });
    });

    test('retries at full price only after a lost machine, and reports other failures', () => {
      const { StartAt, States } = machineOf('prod-training');
      expect(StartAt).toBe('RunOnSpareCapacity');
      expect(States.RunOnSpareCapacity).toMatchObject({
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'WhyItStopped' }],
      });
      expect(States.WhyItStopped).toMatchObject({
        Default: 'Notify',
        Choices: [
          {
            And: [{ IsPresent: true }, { StringMatches: '*SpotInterruption*' }],
            Next: 'RunAtFullPrice',
          },
          {
            And: [{ IsPresent: true }, { StringMatches: '*apacity is unavailable*' }],
            Next: 'RunAtFullPrice',
          },
        ],
      });
      expect(States.RunAtFullPrice).toMatchObject({
        Catch: [{ Next: 'Notify' }],
        TimeoutSeconds: 8 * 3600,
        Parameters: { CapacityProviderStrategy: [{ CapacityProvider: 'FARGATE' }] },
      });
      expect(States.Notify).toMatchObject({
        Resource: expect.stringMatching(/:states:::sqs:sendMessage$/),
        Next: 'Failed',
      });
      expect(States.Failed).toMatchObject({ Type: 'Fail' });
    });

    test('keeps its work folder encrypted after the task, with access by its role over TLS', () => {
      const template = stack('prod-training');
      template.hasResourceProperties('AWS::EFS::FileSystem', {
        Encrypted: true,
        BackupPolicy: Match.absent(),
        FileSystemPolicy: {
          Version: '2012-10-17',
          // Refusals alone: CDK would let everybody in this network write.
          Statement: [
            Match.objectLike({ Sid: 'OverTlsOnly', Effect: 'Deny' }),
            Match.objectLike({ Sid: 'NotAsRoot', Effect: 'Deny' }),
          ],
        },
      });
      template.hasResourceProperties('AWS::ECS::TaskDefinition', {
        Volumes: Match.arrayWith([
          Match.objectLike({
            Name: 'work',
            EFSVolumeConfiguration: Match.objectLike({
              TransitEncryption: 'ENABLED',
              AuthorizationConfig: Match.objectLike({ IAM: 'ENABLED' }),
            }),
          }),
        ]),
        ContainerDefinitions: [
          Match.objectLike({
            MountPoints: Match.arrayWith([
              { ContainerPath: '/work', ReadOnly: false, SourceVolume: 'work' },
            ]),
            Environment: Match.arrayWith([{ Name: 'HEADWAY_WORK', Value: '/work' }]),
          }),
        ],
      });
    });

    test('starts on its schedule and on drift', () => {
      const template = stack('prod-training');
      template.hasResourceProperties('AWS::Scheduler::Schedule', {
        ScheduleExpression: 'cron(30 3 * * ? *)',
      });
      template.hasResourceProperties('AWS::Events::Rule', {
        EventPattern: { source: ['headway'], 'detail-type': ['drift'] },
        Targets: [
          Match.objectLike({ DeadLetterConfig: Match.anyValue(), RoleArn: Match.anyValue() }),
        ],
      });
      template.hasResourceProperties('AWS::Events::EventBus', { Name: 'headway-prod' });
    });
  });

  describe('batch by shards', () => {
    test('each shard is the local command with the start of the batch', () => {
      stack('everything-batch').hasResourceProperties('AWS::Lambda::Function', {
        PackageType: 'Image',
        MemorySize: 6144,
        ImageConfig: {
          EntryPoint: ['node', '--import', 'tsx', 'platform/jobs/lambda-job.ts'],
          Command: ['forecast', '--shard', '{shard}', '--issued-at', '{issuedAt}'],
        },
      });
      const { StartAt, States } = machineOf('everything-batch');
      expect(States[StartAt]).toMatchObject({
        Parameters: { 'shards.$': 'States.ArrayRange(1, 32, 1)' },
        Next: 'ForecastShards',
      });
      expect(States.ForecastShards).toMatchObject({
        Type: 'Map',
        ItemsPath: '$.shards',
        ItemSelector: {
          'shard.$': "States.Format('{}/32', $$.Map.Item.Value)",
          'issuedAt.$': '$$.Execution.StartTime',
        },
        MaxConcurrency: 16,
        ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' } },
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Notify' }],
      });
    });

    test('retries a shard where it can help, and does nothing without a champion', () => {
      const { ItemProcessor } = machineOf('everything-batch').States.ForecastShards as unknown as {
        ItemProcessor: {
          States: Record<string, { Retry: { ErrorEquals: string[] }[]; Catch: unknown[] }>;
        };
      };
      const { Retry, Catch } = ItemProcessor.States.ForecastShard!;
      const repeated = Retry.flatMap(({ ErrorEquals }) => ErrorEquals);
      expect(repeated).toEqual(
        expect.arrayContaining(['Lambda.TooManyRequestsException', 'STORE_UNAVAILABLE']),
      );
      // The codes are those that the command ends with.
      for (const code of repeated.filter((error) => /^[A-Z_]+$/.test(error)))
        expect(ERROR_CODES).toHaveProperty(code);
      expect(Catch).toEqual([
        { ErrorEquals: ['NO_CHAMPION'], Next: 'NothingToForecastWith' },
        { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'NotifyShard' },
      ]);
    });

    test('reports a failed shard, runs the others, and fails at the end', () => {
      const { States } = machineOf('everything-batch');
      const { ItemProcessor } = States.ForecastShards as unknown as {
        ItemProcessor: { States: Record<string, object> };
      };
      expect(ItemProcessor.States.NotifyShard).toMatchObject({
        Parameters: { MessageBody: { 'shard.$': '$.shard', 'failure.$': '$.failure' } },
        Next: 'NotForecast',
      });
      expect(ItemProcessor.States.NotForecast).toEqual({
        Type: 'Pass',
        Result: { isDone: false },
        End: true,
      });
      expect(States.AreAllForecast).toMatchObject({
        Choices: [{ Variable: '$.isAnyMissing', BooleanEquals: true, Next: 'Failed' }],
        Default: 'AllForecast',
      });
      // The names of states are unique in all of the machine.
      expect(Object.keys(ItemProcessor.States).filter((name) => name in States)).toEqual([]);
    });

    test('features forecast nothing, and a failed batch raises an alarm', () => {
      stack('everything-features').hasResourceProperties('AWS::Lambda::Function', {
        ImageConfig: Match.objectLike({ Command: ['features', 'run'] }),
      });
      for (const name of ['BatchFailed', 'BatchFailed'])
        stack('everything-monitoring').hasResourceProperties('AWS::CloudWatch::Alarm', {
          AlarmName: `headway-prod-${name}`,
        });
    });
  });

  describe('network stack', () => {
    test('needs no look-up, also with a given account', () => {
      for (const [name, template] of all())
        expect([name, JSON.stringify(template).includes('dummy')]).toEqual([name, false]);
    });

    test('has no ingress and no NAT gateway', () => {
      const template = stack('prod-network');
      template.resourceCountIs('AWS::EC2::NatGateway', 0);
      template.hasResourceProperties('AWS::EC2::SecurityGroup', {
        SecurityGroupIngress: Match.absent(),
        SecurityGroupEgress: [
          Match.objectLike({ FromPort: 443, ToPort: 443 }),
          Match.objectLike({ FromPort: 2049, ToPort: 2049 }),
        ],
      });
      template.hasResourceProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
      template.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'REJECT' });
    });
  });
}
