/**
 * Purpose: all stacks of all environments, put together.
 * Invariants: needs no account, no network and no Docker engine; the same configuration gives the
 * same templates; every resource that can carry one has the tag headway-environment. What cdk-nag
 * (AwsSolutions) finds stops the synthesis.
 * Fails: ConfigurationError before anything is made.
 */
import { App, type StackProps, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type Configuration, checkConfiguration } from './configuration.ts';
import { BatchStack } from './stacks/batch-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { DeliveryStack } from './stacks/delivery-stack.ts';
import { FeatureStack } from './stacks/feature-stack.ts';
import { InferenceStack } from './stacks/inference-stack.ts';
import { MonitoringStack } from './stacks/monitoring-stack.ts';
import { NetworkStack } from './stacks/network-stack.ts';
import { StreamStack } from './stacks/stream-stack.ts';
import { TrainingStack } from './stacks/training-stack.ts';

/** The recommended behaviour where CDK keeps an older one for those who have deployed before. */
const FEATURE_FLAGS = {
  // Names by which people find a resource again, in CloudFormation and in what `npm run destroy`
  // lists.
  'aws:cdk:enable-path-metadata': true,
  // A template that CloudFormation's own rules find wrong is an error here, not a warning.
  '@aws-cdk/core:validateAgainstDefaultRules': true,
  // What another stack uses cannot be removed before that stack.
  '@aws-cdk/core:defaultCrossStackReferences': 'strong',
  '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/core:target-partitions': ['aws'],
  '@aws-cdk/aws-codedeploy:removeAlarmsFromDeploymentGroup': true,
  '@aws-cdk/aws-efs:denyAnonymousAccess': true,
  '@aws-cdk/aws-lambda:recognizeVersionProps': true,
  '@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker': true,
};

export interface EnvironmentStacks {
  readonly data: DataStack;
  readonly network: NetworkStack;
  readonly features: FeatureStack;
  readonly training: TrainingStack;
  readonly batch: BatchStack | null;
  readonly stream: StreamStack | null;
  readonly inference: InferenceStack;
  readonly monitoring: MonitoringStack;
  readonly delivery: DeliveryStack | null;
}

export interface HeadwayApp {
  readonly app: App;
  readonly stacks: Readonly<Record<string, EnvironmentStacks>>;
}

/**
 * @param bundle the folder that `npm run bundle:lambda` made
 * @param outdir where templates and assets go; CDK's own choice without it
 * @param isChecked by cdk-nag and CloudFormation's rules; not where templates are read and never
 * deployed
 */
export function buildApp(
  configurations: readonly Configuration[],
  bundle: string,
  outdir?: string,
  isChecked = true,
): HeadwayApp {
  const app = new App({
    ...(outdir === undefined ? {} : { outdir }),
    ...(isChecked ? {} : { builtinCloudFormationValidation: false }),
    analyticsReporting: false,
    context: FEATURE_FLAGS,
  });
  const stacks = Object.fromEntries(
    configurations.map((configuration) => [
      configuration.environment,
      environmentStacks(app, checkConfiguration(configuration), bundle),
    ]),
  );
  if (isChecked) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stacks };
}

/** `headway-ENVIRONMENT-NAME`, in the order in which they rest on one another. */
function environmentStacks(
  app: App,
  configuration: Configuration,
  bundle: string,
): EnvironmentStacks {
  const { environment, account, region, delivery, batch: asked } = configuration;
  const name = (stack: string) => `headway-${environment}-${stack}`;
  const props = (description: string): StackProps => ({
    description: `Headway ${environment}: ${description}`,
    ...(account !== null && region !== null ? { env: { account, region } } : {}),
    // What deletes a stack by mistake should have to say so twice.
    terminationProtection: environment === 'prod',
  });
  const data = new DataStack(app, name('data'), configuration, props('the store, and the images'));
  const network = new NetworkStack(
    app,
    name('network'),
    configuration,
    props('where containers run'),
  );
  const features = new FeatureStack(app, name('features'), configuration, {
    ...props('features on a schedule'),
    data,
    network,
  });
  const training = new TrainingStack(app, name('training'), configuration, {
    ...props('training on Fargate'),
    data,
    network,
  });
  const batch =
    asked === null
      ? null
      : new BatchStack(app, name('batch'), configuration, {
          ...props('forecasts by shards'),
          data,
          batch: asked,
        });
  const stream =
    configuration.stream === null
      ? null
      : new StreamStack(app, name('stream'), configuration, {
          ...props('lands a topic of Kafka'),
          data,
          network,
          stream: configuration.stream,
        });
  const inference = new InferenceStack(app, name('inference'), configuration, {
    ...props('forecasts over HTTP'),
    bundle,
  });
  const monitoring = new MonitoringStack(app, name('monitoring'), configuration, {
    ...props('alarms, dashboard, budget'),
    ...{ data, network, features, training, batch, stream, inference },
  });
  // They know the store by its exported name, which CDK does not see.
  const optional = [batch, stream].filter((stack) => stack !== null);
  const users = [features, training, ...optional, inference, monitoring];
  for (const stack of users) stack.addStackDependency(data);
  const made = [data, network, ...users];
  const { repository } = delivery;
  const ci =
    repository === null
      ? null
      : new DeliveryStack(app, name('delivery'), configuration, {
          ...props('roles for GitHub'),
          data,
          repository,
        });
  for (const stack of ci === null ? made : [...made, ci])
    Tags.of(stack).add('headway-environment', environment);
  return { data, network, features, training, batch, stream, inference, monitoring, delivery: ci };
}
