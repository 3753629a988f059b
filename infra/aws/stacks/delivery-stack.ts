/**
 * Purpose: what GitHub's workflows may do here, without a key that could be stolen: two roles that
 * only this repository can take: by the subject that GitHub gives its tokens, with ids where the
 * configuration has them.
 * Invariants: `deploy` is for the one branch; `diff` is for pull requests and reads; both reach AWS
 * through the roles that `cdk bootstrap` made, and hold no right over a resource themselves but to
 * push images.
 * Fails: while it is deployed, where the account has GitHub's identity provider already
 * (delivery.createProvider).
 */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnOIDCProvider, FederatedPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';
import { acknowledgeWildcards, wildcardStatement } from '../wildcards.ts';
import type { DataStack } from './data-stack.ts';

const ISSUER = 'token.actions.githubusercontent.com';
/** What `cdk bootstrap` names its roles by default. */
const QUALIFIER = 'hnb659fds';

export interface DeliveryStackProps extends StackProps {
  readonly data: DataStack;
  readonly repository: string;
}

export class DeliveryStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    configuration: Configuration,
    { data, repository, ...props }: DeliveryStackProps,
  ) {
    super(scope, id, props);
    const { environment, delivery } = configuration;
    const { partition, account, region } = this;
    const provider = delivery.createProvider
      ? this.provider()
      : `arn:${partition}:iam::${account}:oidc-provider/${ISSUER}`;
    const trusted = (subject: string) =>
      new FederatedPrincipal(
        provider,
        { StringEquals: { [`${ISSUER}:aud`]: 'sts.amazonaws.com', [`${ISSUER}:sub`]: subject } },
        'sts:AssumeRoleWithWebIdentity',
      );
    const bootstrapped = (...kinds: string[]) =>
      new PolicyStatement({
        actions: ['sts:AssumeRole'],
        resources: kinds.map(
          (kind) =>
            `arn:${partition}:iam::${account}:role/cdk-${QUALIFIER}-${kind}-role-${account}-${region}`,
        ),
      });

    const deploy = new Role(this, 'Deploy', {
      roleName: `headway-${environment}-deploy`,
      description: `Deploys ${environment} from ${delivery.branch} of ${repository}`,
      assumedBy: trusted(`repo:${repository}:ref:refs/heads/${delivery.branch}`),
      maxSessionDuration: Duration.hours(1),
    });
    deploy.addToPolicy(bootstrapped('deploy', 'file-publishing', 'lookup'));
    deploy.addToPolicy(
      new PolicyStatement({
        actions: [
          'ecr:BatchCheckLayerAvailability',
          'ecr:InitiateLayerUpload',
          'ecr:UploadLayerPart',
          'ecr:CompleteLayerUpload',
          'ecr:PutImage',
          'ecr:BatchGetImage',
          'ecr:DescribeImages',
        ],
        resources: [data.images.repositoryArn],
      }),
    );
    deploy.addToPolicy(wildcardStatement('registryLogin'));
    acknowledgeWildcards(deploy, 'registryLogin');

    const diff = new Role(this, 'Diff', {
      roleName: `headway-${environment}-diff`,
      description: `Compares pull requests of ${repository} with ${environment}; changes nothing`,
      assumedBy: trusted(`repo:${repository}:pull_request`),
      maxSessionDuration: Duration.hours(1),
    });
    diff.addToPolicy(bootstrapped('lookup'));
    new CfnOutput(this, 'DeployRole', { value: deploy.roleArn });
    new CfnOutput(this, 'DiffRole', { value: diff.roleArn });
  }

  /** The account has one, whoever made it: it stays when this environment goes. */
  private provider(): string {
    const provider = new CfnOIDCProvider(this, 'GitHub', {
      url: `https://${ISSUER}`,
      clientIdList: ['sts.amazonaws.com'],
    });
    provider.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return provider.attrArn;
  }
}
