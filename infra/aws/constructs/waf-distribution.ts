/**
 * Purpose: CloudFront with AWS WAF before a function URL, for those who want a firewall: it turns
 * away addresses that ask too often and requests that AWS knows as hostile.
 * Invariants: there is no way around it: the function URL accepts CloudFront's signature alone.
 * Nothing is cached: the service says itself what may be. The price of that signature: a POST must
 * carry `x-amz-content-sha256`, the hash of its body.
 * Fails: where it is deployed in another region than us-east-1, which infra/aws/configuration.ts
 * refuses.
 */
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginRequestPolicy,
  PriceClass,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { FunctionUrl } from 'aws-cdk-lib/aws-lambda';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { acknowledge } from '../wildcards.ts';

export interface WafDistributionProps {
  readonly url: FunctionUrl;
  readonly requestsPerFiveMinutes: number;
  readonly environment: string;
}

export class WafDistribution extends Construct {
  readonly url: string;

  constructor(
    scope: Construct,
    id: string,
    { url, requestsPerFiveMinutes, environment }: WafDistributionProps,
  ) {
    super(scope, id);
    const seen = (metricName: string) => ({
      cloudWatchMetricsEnabled: true,
      metricName,
      sampledRequestsEnabled: true,
    });
    const firewall = new CfnWebACL(this, 'Firewall', {
      name: `headway-${environment}`,
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      visibilityConfig: seen(`headway-${environment}`),
      rules: [
        {
          name: 'too-many-requests',
          priority: 0,
          action: { block: { customResponse: { responseCode: 429 } } },
          statement: {
            rateBasedStatement: {
              aggregateKeyType: 'IP',
              limit: requestsPerFiveMinutes,
              evaluationWindowSec: 300,
            },
          },
          visibilityConfig: seen('too-many-requests'),
        },
        {
          name: 'known-hostile',
          priority: 1,
          overrideAction: { none: {} },
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name: 'AWSManagedRulesKnownBadInputsRuleSet',
            },
          },
          visibilityConfig: seen('known-hostile'),
        },
      ],
    });
    const distribution = new Distribution(this, 'Distribution', {
      comment: `Headway (${environment}): forecasts`,
      webAclId: firewall.attrArn,
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_100,
      defaultBehavior: {
        origin: FunctionUrlOrigin.withOriginAccessControl(url),
        allowedMethods: AllowedMethods.ALLOW_ALL,
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        cachePolicy: CachePolicy.CACHING_DISABLED,
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      },
    });
    acknowledge(distribution, 'AwsSolutions-CFR1', 'Forecasts are asked for from everywhere.');
    acknowledge(
      distribution,
      'AwsSolutions-CFR3',
      'Every request that passes is in the log of the function, every one that does not in ' +
        'the firewall’s metrics.',
    );
    acknowledge(
      distribution,
      'AwsSolutions-CFR4',
      'Its own address has CloudFront’s own certificate, whose least version of TLS cannot ' +
        'be chosen; a domain of yours can.',
    );
    this.url = `https://${distribution.distributionDomainName}`;
  }
}
