/**
 * Purpose: the one list of permissions that cannot be narrowed to a resource of ours, each with the
 * reason; and how a construct says that a rule of cdk-nag does not fit it.
 * Invariants: tests/integration/infra/stacks/policies.ts refuses every wildcard in any synthesised
 * policy that is not in this list, and every line of the list that no policy needs any more.
 * Fails: never.
 */
import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { IConstruct } from 'constructs';

export interface Wildcard {
  readonly actions: readonly string[];
  readonly reason: string;
}

/** Statements whose resource is "*". */
export const WILDCARDS = {
  registryLogin: {
    actions: ['ecr:GetAuthorizationToken'],
    reason:
      'Logging in to ECR is an action on the registry as a whole: AWS defines no resource ' +
      'for it. What may be pulled or pushed is scoped.',
  },
  logDelivery: {
    actions: [
      'logs:CreateLogDelivery',
      'logs:GetLogDelivery',
      'logs:UpdateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
    ],
    reason:
      'How Step Functions writes its log: deliveries are made by AWS and have no name ' +
      'beforehand, and these actions know no resource.',
  },
  tracing: {
    actions: [
      'xray:PutTraceSegments',
      'xray:PutTelemetryRecords',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
    ],
    reason: 'X-Ray has no resource that traces could be sent to or withheld from.',
  },
} as const satisfies Record<string, Wildcard>;

/** The statement itself, so that code and list cannot differ. */
export const wildcardStatement = (name: keyof typeof WILDCARDS): PolicyStatement =>
  new PolicyStatement({ actions: [...WILDCARDS[name].actions], resources: ['*'] });

/**
 * Says at a construct why a rule of cdk-nag does not fit it.
 * @param finding the rule, with the finding in brackets where a rule has several:
 * AwsSolutions-IAM5[Resource::*].
 */
export function acknowledge(construct: IConstruct, finding: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: finding, reason });
}

/** For a role whose policy has statements of the list. */
export function acknowledgeWildcards(
  construct: IConstruct,
  ...names: (keyof typeof WILDCARDS)[]
): void {
  acknowledge(
    construct,
    'AwsSolutions-IAM5[Resource::*]',
    names.map((name) => WILDCARDS[name].reason).join(' '),
  );
}

/**
 * For a role whose policy names resources by a beginning: what they are a part of is named, only
 * their ends are made later.
 */
export function acknowledgeBeginnings(
  construct: IConstruct,
  resources: readonly string[],
  reason: string,
): void {
  for (const resource of resources) {
    const text = flattenCfnReference(Stack.of(construct).resolve(resource));
    acknowledge(construct, `AwsSolutions-IAM5[Resource::${text}]`, reason);
  }
}
