/**
 * Purpose: the service that lands a topic of Kafka.
 * Invariants: registers tests for tests/integration/infra/stacks.test.ts, which synthesises once
 * for all of them.
 * Fails: as a test.
 */
import { describe, expect, test } from '@jest/globals';
import { Capture, Match, type Template } from 'aws-cdk-lib/assertions';
import { buildProgram } from '../../../../cli/main.ts';
import { readDeployment } from '../../../../infra/cost/deployment.ts';
import { readSettings } from '../../../../platform/settings/settings.ts';
import { parseKafkaAddress } from '../../../../platform/streams/kafka-address.ts';
import { allowances, flat } from '../../../fixtures/aws/policy-audit.ts';
import { all, type Json, stack } from '../../../fixtures/aws/synthesised.ts';

const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_headway-a1B2c3';

interface Container {
  readonly Command: string[];
  readonly Environment: { readonly Name: string; readonly Value: unknown }[];
  readonly Secrets: { readonly Name: string; readonly ValueFrom: string }[];
}

export function streamTests(): void {
  describe('the lander of a stream', () => {
    const template = (): Template => stack('everything-stream');
    const container = (): Container => {
      const found = new Capture();
      template().hasResourceProperties('AWS::ECS::TaskDefinition', {
        ContainerDefinitions: [found],
      });
      return found.asObject() as Container;
    };

    test('gets a command and settings that Headway reads', () => {
      const { Command, Environment } = container();
      expect(Command).toEqual(['stream', 'land', '--topic', 'loads', '--every', '60']);
      const land = buildProgram({})
        .commands.find((one) => one.name() === 'stream')
        ?.commands.find((one) => one.name() === 'land');
      for (const flag of Command.filter((word) => word.startsWith('--')))
        expect(land?.options.map(({ long }) => long)).toContain(flag);
      const variables = Object.fromEntries(
        Environment.map(({ Name, Value }) => [Name, flat(Value)]),
      );
      const given = { ...variables, HEADWAY_STORE: 's3://a-bucket' };
      const { brokers } = readSettings(given, {}, { domain: 'electricity' });
      expect(parseKafkaAddress(String(brokers), { ...given, KAFKA_PASSWORD: 'x' })).toEqual({
        brokers: ['b-1.example.org:9096', 'b-2.example.org:9096'],
        isTls: true,
        sasl: { mechanism: 'SCRAM-SHA-512', username: 'headway', password: 'x' },
      });
    });

    test('gets its password from Secrets Manager by the right of ECS, and no role has another', () => {
      const { Environment, Secrets } = container();
      expect(Secrets).toEqual([{ Name: 'KAFKA_PASSWORD', ValueFrom: `${SECRET}:password::` }]);
      expect(Environment.map(({ Name }) => Name)).not.toContain('KAFKA_PASSWORD');
      const rights = allowances(template().toJSON() as Json).flatMap(({ owner, statement }) =>
        [statement.Action]
          .flat()
          .filter((action) => /^(secretsmanager|kms):/.test(String(action)))
          .map((action) => [owner.replace(/DefaultPolicy.*$/, ''), action, statement.Resource]),
      );
      // That of ECS, not that of the command.
      expect(rights).toEqual([
        [expect.stringContaining('ExecutionRole'), 'secretsmanager:GetSecretValue', SECRET],
        [
          expect.stringContaining('ExecutionRole'),
          'kms:Decrypt',
          'arn:aws:kms:us-east-1:123456789012:key/0f1e2d3c-0000-4000-8000-000000000000',
        ],
      ]);
    });

    test('runs once, overlaps at a deployment, which is rolled back on failure', () => {
      template().hasResourceProperties('AWS::ECS::Service', {
        DesiredCount: 1,
        LaunchType: 'FARGATE',
        DeploymentConfiguration: {
          MinimumHealthyPercent: 100,
          MaximumPercent: 200,
          DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        },
      });
      const stopping = container().Environment.find(({ Name }) => Name === 'HEADWAY_STOP_SECONDS');
      template().hasResourceProperties('AWS::ECS::TaskDefinition', {
        ContainerDefinitions: [
          Match.objectLike({
            StopTimeout: 120,
            ReadonlyRootFilesystem: true,
            LinuxParameters: Match.objectLike({ InitProcessEnabled: true }),
          }),
        ],
      });
      expect(Number(stopping?.Value)).toBeLessThan(120);
    });

    test('reaches HTTPS and the brokers’ port in their network, and has no ingress', () => {
      const group = 'sg-0123456789abcdef0';
      template().hasResourceProperties('AWS::EC2::SecurityGroup', {
        VpcId: 'vpc-0123456789abcdef0',
        SecurityGroupIngress: Match.absent(),
        SecurityGroupEgress: [
          Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443 }),
          Match.objectLike({ DestinationSecurityGroupId: group, FromPort: 9096, ToPort: 9096 }),
        ],
      });
      template().resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
      template().hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
        ...{ GroupId: group, FromPort: 9096, ToPort: 9096 },
        SourceSecurityGroupId: { 'Fn::GetAtt': ['Outbound', 'GroupId'] },
      });
      template().hasResourceProperties('AWS::ECS::Service', {
        NetworkConfiguration: {
          AwsvpcConfiguration: Match.objectLike({ AssignPublicIp: 'DISABLED' }),
        },
      });
    });

    test('is priced as a container with an entry a minute', async () => {
      const templates = Object.fromEntries(
        all().flatMap(([name, one]) =>
          name.startsWith('everything-') ? [[name.replace('everything-', ''), one]] : [],
        ),
      );
      expect((await readDeployment(templates)).lander).toEqual({
        size: { kind: 'task', vcpu: 0.5, memoryGb: 1, diskGb: 1, isArm: true, isSpot: false },
        everySeconds: 60,
      });
    });

    test('raises an alarm without an entry for the stated time, also when it does not run', () => {
      const [filter] = Object.values(template().findResources('AWS::Logs::MetricFilter'));
      const [{ MetricNamespace, MetricName }] = filter!.Properties.MetricTransformations;
      expect(filter!.Properties.FilterPattern).toBe('{ $.msg = "landed*" }');
      // A fork has a namespace of its own name.
      expect(MetricNamespace).toMatch(/^.+\/prod$/);
      template().hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
      stack('everything-monitoring').hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName: 'headway-prod-NothingLanded',
        ...{ Namespace: MetricNamespace, MetricName, Statistic: 'Sum' },
        // 24 periods of five minutes are the 120 minutes of the configuration.
        ...{ Period: 300, EvaluationPeriods: 24, Threshold: 1 },
        ...{ ComparisonOperator: 'LessThanThreshold', TreatMissingData: 'breaching' },
      });
    });
  });
}
