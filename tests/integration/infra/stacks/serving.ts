/**
 * Purpose: the service: its function, its addresses, and how a new version takes over.
 * Invariants: registers tests for tests/integration/infra/stacks.test.ts, which synthesises once
 * for all of them.
 * Fails: as a test.
 */
import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { all, stack } from '../../../fixtures/aws/synthesised.ts';

export function servingTests(): void {
  describe('inference stack', () => {
    test('deploys the arm64 bundle behind an alias, by a tenth, with rollback on alarm', () => {
      const template = stack('prod-inference');
      template.hasResourceProperties('AWS::Lambda::Function', {
        Handler: 'index.handler',
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Environment: {
          Variables: Match.objectLike({ HEADWAY_STORE: Match.anyValue(), HEADWAY_ACTUALS: 'off' }),
        },
      });
      template.hasResource('AWS::Lambda::Alias', {
        Properties: Match.objectLike({ Name: 'live' }),
        UpdatePolicy: {
          CodeDeployLambdaAliasUpdate: Match.objectLike({ ApplicationName: Match.anyValue() }),
        },
      });
      template.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
        DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
        AlarmConfiguration: { Enabled: true, Alarms: [Match.anyValue(), Match.anyValue()] },
        AutoRollbackConfiguration: {
          Enabled: true,
          Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'],
        },
      });
    });

    test('a rollout watches only the new version, and no deliberate 503', () => {
      const template = stack('prod-inference');
      const [version] = Object.keys(template.findResources('AWS::Lambda::Version'));
      const number = { 'Fn::GetAtt': [version, 'Version'] };
      const watched = Object.values(template.findResources('AWS::CloudWatch::Alarm')).flatMap(
        ({ Properties }) =>
          Properties.Dimensions === undefined
            ? Properties.Metrics.flatMap(
                (one: { MetricStat?: { Metric: { Dimensions: unknown } } }) =>
                  one.MetricStat === undefined ? [] : [one.MetricStat.Metric.Dimensions],
              )
            : [Properties.Dimensions],
      );
      expect(watched).toHaveLength(3);
      for (const dimensions of watched)
        expect(dimensions).toEqual(
          expect.arrayContaining([
            { Name: expect.stringMatching(/^(ExecutedVersion|Version)$/), Value: number },
          ]),
        );
      template.hasResourceProperties('AWS::Logs::MetricFilter', {
        FilterPattern: Match.stringLikeRegexp('status != 503'),
        MetricTransformations: [
          Match.objectLike({ Dimensions: [{ Key: 'Version', Value: '$.functionVersion' }] }),
        ],
      });
    });

    test('an HTTP API calls the alias with throttling and logs no address', () => {
      const template = stack('prod-inference');
      template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
        DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 },
        AccessLogSettings: Match.objectLike({
          Format: Match.not(Match.stringLikeRegexp('identity|querystring')),
        }),
      });
      const [alias] = Object.keys(template.findResources('AWS::Lambda::Alias'));
      template.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
        IntegrationUri: { Ref: alias },
        PayloadFormatVersion: '2.0',
      });
    });

    test('has an optional function URL, which behind a firewall serves CloudFront only', () => {
      const template = stack('everything-inference');
      template.hasResourceProperties('AWS::Lambda::Url', {
        AuthType: 'AWS_IAM',
        Qualifier: 'live',
      });
      stack('dev-inference').resourceCountIs('AWS::Lambda::Url', 0);
      template.hasResourceProperties('AWS::WAFv2::WebACL', {
        Scope: 'CLOUDFRONT',
        Rules: Match.arrayWith([
          Match.objectLike({
            Statement: { RateBasedStatement: Match.objectLike({ Limit: 1000 }) },
          }),
        ]),
      });
      template.hasResourceProperties('AWS::CloudFront::Distribution', {
        DistributionConfig: Match.objectLike({
          WebACLId: Match.anyValue(),
          DefaultCacheBehavior: Match.objectLike({ ViewerProtocolPolicy: 'https-only' }),
        }),
      });
      for (const permission of Object.values(template.findResources('AWS::Lambda::Permission')))
        expect(permission.Properties).toMatchObject({
          Principal: 'cloudfront.amazonaws.com',
          SourceArn: expect.anything(),
        });
    });

    test('the function trusts one proxy, and two with CloudFront', () => {
      for (const [name, proxies] of [
        ['dev-inference', '1'],
        ['prod-inference', '1'],
        ['everything-inference', '2'],
      ] as const)
        stack(name).hasResourceProperties('AWS::Lambda::Function', {
          Environment: { Variables: Match.objectLike({ HEADWAY_PROXIES: proxies }) },
        });
    });

    test('has warm instances, a limit, keys and actuals on request', () => {
      const template = stack('everything-inference');
      template.hasResourceProperties('AWS::Lambda::Alias', {
        ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
      });
      template.hasResourceProperties('AWS::Lambda::Function', {
        ReservedConcurrentExecutions: 10,
        Environment: { Variables: Match.objectLike({ HEADWAY_ACTUALS: 'on' }) },
      });
      const keyed = stack('prod-inference');
      keyed.hasResourceProperties('AWS::Lambda::Function', {
        Environment: { Variables: Match.objectLike({ HEADWAY_API_KEYS: 'store' }) },
      });
      // A parameter would change $LATEST and leave the version that serves as it was.
      expect(keyed.toJSON().Parameters).not.toHaveProperty('ApiKeys');
    });

    test('throttles dev, and needs no more than the quotas of a new account', () => {
      stack('dev-inference').hasResourceProperties('AWS::ApiGatewayV2::Stage', {
        DefaultRouteSettings: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
      });
      for (const [name, { Resources }] of all()) {
        if (name.startsWith('everything')) continue;
        for (const { Type, Properties } of Object.values(Resources)) {
          if (Type !== 'AWS::Lambda::Function') continue;
          // 3008 MB at most; and ten instances in all, of which none can be reserved.
          expect([name, Number(Properties.MemorySize) <= 3008]).toEqual([name, true]);
          expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions');
        }
      }
    });
  });
}
