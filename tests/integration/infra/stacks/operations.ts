/**
 * Purpose: alarms, dashboard and budget; who may deploy; what the containers and functions get.
 * Invariants: registers tests for tests/integration/infra/stacks.test.ts, which synthesises once
 * for all of them.
 * Fails: as a test.
 */
import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { findDomain } from '../../../../domains/index.ts';
import { readSettings } from '../../../../platform/settings/settings.ts';
import { allowances, flat } from '../../../fixtures/aws/policy-audit.ts';
import { all, type Json, stack } from '../../../fixtures/aws/synthesised.ts';

export function operationsTests(): void {
  describe('monitoring stack', () => {
    const alarms = (name: string) =>
      Object.values(stack(name).findResources('AWS::CloudWatch::Alarm')).map(
        ({ Properties }) => Properties,
      );

    test('has an alarm for every failure, which notifies the topic and explains itself', () => {
      const names = alarms('everything-monitoring').map(({ AlarmName }) =>
        String(AlarmName).replace('headway-prod-', ''),
      );
      expect(names.sort()).toEqual([
        ...['BatchFailed', 'Coverage', 'DataLate', 'Errors', 'Fallback', 'FeaturesFailed'],
        ...['Latency', 'MonitoringFailed', 'NothingLanded', 'ProbeFailed', 'Skill', 'Throttled'],
        ...['TrainingFailed', 'Unreachable'],
      ]);
      for (const { AlarmActions, OKActions, AlarmDescription } of alarms('everything-monitoring')) {
        expect([AlarmActions?.length, OKActions?.length]).toEqual([1, 1]);
        expect(String(AlarmDescription).length).toBeGreaterThan(40);
      }
    });

    test('checks forecasts every hour by the image’s command, and alerts reach the topic', () => {
      const template = stack('prod-monitoring');
      template.hasResourceProperties('AWS::Scheduler::Schedule', {
        ScheduleExpression: 'cron(20 * * * ? *)',
      });
      template.hasResourceProperties('AWS::ECS::TaskDefinition', {
        ContainerDefinitions: [
          Match.objectLike({
            Environment: Match.arrayWith([
              { Name: 'HEADWAY_ALERT_SNS', Value: Match.anyValue() },
              { Name: 'HEADWAY_CLOUDWATCH', Value: 'prod' },
            ]),
          }),
        ],
      });
      const published = allowances(template.toJSON() as Json).filter(({ statement }) =>
        [statement.Action].flat().includes('sns:Publish'),
      );
      expect(published.map(({ owner }) => owner.replace(/[A-F0-9]{8}$/, '')).sort()).toEqual(
        expect.arrayContaining([expect.stringMatching(/Watch.*TaskRole/)]),
      );
    });

    test('raises no alarm before there is data', () => {
      for (const name of ['dev-monitoring', 'prod-monitoring', 'everything-monitoring'])
        for (const { AlarmName, TreatMissingData } of alarms(name).filter(
          // A topic that somebody names has events.
          (alarm) => !String(alarm.AlarmName).endsWith('NothingLanded'),
        ))
          expect([AlarmName, ['notBreaching', 'ignore'].includes(TreatMissingData)]).toEqual([
            AlarmName,
            true,
          ]);
    });

    test('raises one alarm for one failure', () => {
      const watched = alarms('prod-monitoring')
        .filter(({ AlarmName }) => /(Features|Training|Monitoring)Failed$/.test(AlarmName))
        .map(({ Metrics }) =>
          Metrics.flatMap(
            (one: { MetricStat?: { Metric: { MetricName: string } } }) =>
              one.MetricStat?.Metric.MetricName ?? [],
          ).sort(),
        );
      const names = [
        'ApproximateNumberOfMessagesVisible',
        'ExecutionsAborted',
        'ExecutionsTimedOut',
      ];
      expect(watched).toEqual([names, names, names]);
    });

    test('runs the probe every five minutes without flexibility', () => {
      stack('prod-monitoring').hasResourceProperties('AWS::Scheduler::Schedule', {
        ScheduleExpression: 'rate(5 minutes)',
        FlexibleTimeWindow: { Mode: 'OFF' },
      });
    });

    test('does not watch the age of a monthly source', () => {
      expect(alarms('prod-monitoring').map(({ AlarmName }) => AlarmName)).not.toContain(
        'headway-prod-DataLate',
      );
      stack('everything-monitoring').hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName: 'headway-prod-DataLate',
        Threshold: 6 * 3600,
      });
    });

    test('has a budget, a mail for an address, a probe and one dashboard', () => {
      const template = stack('everything-monitoring');
      template.hasResourceProperties('AWS::Budgets::Budget', {
        Budget: Match.objectLike({
          BudgetLimit: { Amount: 100, Unit: 'USD' },
          TimeUnit: 'MONTHLY',
        }),
        NotificationsWithSubscribers: [Match.anyValue(), Match.anyValue(), Match.anyValue()],
      });
      template.hasResourceProperties('AWS::SNS::Subscription', {
        Protocol: 'email',
        Endpoint: 'somebody@example.org',
      });
      stack('prod-monitoring').resourceCountIs('AWS::SNS::Subscription', 0);
      template.hasResourceProperties('AWS::Scheduler::Schedule', {
        ScheduleExpression: 'rate(5 minutes)',
      });
      template.hasResourceProperties('AWS::CloudWatch::Dashboard', {
        DashboardName: 'headway-prod',
      });
    });
  });

  describe('delivery stack', () => {
    const trust = (name: string) => {
      const roles = Object.values(
        stack('everything-delivery').findResources('AWS::IAM::Role', {
          Properties: { RoleName: name },
        }),
      );
      return roles[0]?.Properties.AssumeRolePolicyDocument.Statement[0];
    };

    test('one branch deploys and its pull requests compare, by the subject with ids', () => {
      const issuer = 'token.actions.githubusercontent.com';
      for (const [role, subject] of [
        [
          'headway-prod-deploy',
          'repo:example-owner@123456/example-name@456789:ref:refs/heads/main',
        ],
        ['headway-prod-diff', 'repo:example-owner@123456/example-name@456789:pull_request'],
      ] as const)
        expect(trust(role)).toMatchObject({
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com', [`${issuer}:sub`]: subject },
          },
        });
    });

    test('the identity provider is retained when an environment is removed', () => {
      stack('everything-delivery').hasResource('AWS::IAM::OIDCProvider', {
        DeletionPolicy: 'Retain',
      });
    });

    test('the role that compares can only look up', () => {
      const found = allowances(stack('everything-delivery').toJSON() as Json).filter(({ owner }) =>
        /^Diff/.test(owner),
      );
      const resources = found.flatMap(({ statement }) =>
        statement.Action === 'sts:AssumeRoleWithWebIdentity'
          ? []
          : [statement.Resource].flat().map(flat),
      );
      expect(resources).toEqual([
        'arn:<AWS::Partition>:iam::123456789012:role/cdk-hnb659fds-lookup-role-123456789012-us-east-1',
      ]);
    });

    test('creates no role without a repository', () => {
      expect(
        all()
          .map(([name]) => name)
          .filter((name) => name.endsWith('delivery')),
      ).toEqual(['everything-delivery']);
    });
  });

  describe('variables of containers and functions', () => {
    /** CloudFormation fills references in. */
    const known = ({ HEADWAY_ALERT_SNS: topic }: Record<string, string>) =>
      topic === undefined
        ? {}
        : { HEADWAY_ALERT_SNS: 'arn:aws:sns:eu-west-1:123456789012:headway-Topic' };

    /** [stack, variables] of everything that runs Headway. */
    function reported(): [string, Record<string, string>][] {
      return all().flatMap(([name, { Resources }]) =>
        Object.values(Resources).flatMap(
          ({ Type, Properties }): [string, Record<string, string>][] => {
            if (Type === 'AWS::Lambda::Function') {
              const { Variables } = Properties.Environment as {
                Variables: Record<string, unknown>;
              };
              return [
                [
                  name,
                  Object.fromEntries(
                    Object.entries(Variables).map(([key, value]) => [key, flat(value)]),
                  ),
                ],
              ];
            }
            if (Type !== 'AWS::ECS::TaskDefinition') return [];
            const [container] = Properties.ContainerDefinitions as [
              { Environment: { Name: string; Value: unknown }[] },
            ];
            return [
              [
                name,
                Object.fromEntries(
                  container.Environment.map(({ Name, Value }) => [Name, flat(Value)]),
                ),
              ],
            ];
          },
        ),
      );
    }

    test('are settings of Headway', () => {
      const services = reported().filter(([, variables]) => 'HEADWAY_STORE' in variables);
      expect(services.length).toBeGreaterThan(6);
      for (const [, variables] of services) {
        const settings = readSettings(
          { ...variables, HEADWAY_STORE: 's3://a-bucket', ...known(variables) },
          {},
          { domain: 'electricity' },
        );
        expect(findDomain(settings.domain).name).toBe('electricity');
      }
    });
  });
}
