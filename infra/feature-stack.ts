/**
 * Purpose: the feature service on its schedule: fetch, validate, aggregate, commit; then forecast with the champion. In a function or on
 * Fargate, by the configuration; the image and the command are the same.
 * Invariants: it may read and add to the store, never delete; what fails lies in the dead-letter queue. Two runs at once waste work and lose
 * nothing (docs/store-protocol.md), so nothing here has to keep them apart.
 * Fails: while it is deployed, where the image of this tag has not been pushed.
 */
import { CfnOutput, CfnParameter, Duration, RemovalPolicy, Size, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, DockerImageCode, DockerImageFunction, Tracing } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { jobEnvironment } from './application.ts';
import type { Configuration, LambdaSize } from './configuration.ts';
import type { DataStack } from './data-stack.ts';
import { deadLetterQueue } from './dead-letters.ts';
import { FargateJob } from './fargate-job.ts';
import type { NetworkStack } from './network-stack.ts';
import { RunSchedule } from './run-schedule.ts';
import { allowStore, STORE_ACCESS } from './store-access.ts';
import { acknowledgeWildcards, wildcardStatement } from './wildcards.ts';

/** The jobs of `headway schedule`, once, with its retries. */
export const FEATURES_COMMAND = ['schedule', '--only', 'features', '--once'];

export interface FeatureStackProps extends StackProps {
  readonly data: DataStack;
  readonly network: NetworkStack;
}

export class FeatureStack extends Stack {
  readonly deadLetters: Queue;
  readonly logGroup: LogGroup;
  /** One of the two. */
  readonly work:
    | { readonly kind: 'lambda'; readonly run: DockerImageFunction }
    | { readonly kind: 'fargate'; readonly run: StateMachine };

  constructor(scope: Construct, id: string, configuration: Configuration, { data, network, ...props }: FeatureStackProps) {
    super(scope, id, props);
    const { compute, schedule } = configuration.features;
    const imageTag = imageTagParameter(this);
    this.deadLetters = deadLetterQueue(this);
    if (compute.kind === 'fargate') {
      const job = new FargateJob(this, 'Features', {
        configuration,
        size: compute,
        network,
        images: data.images,
        imageTag,
        command: FEATURES_COMMAND,
        environment: jobEnvironment(configuration, compute.memoryMb),
        allow: (role) => allowStore(role, this, configuration, STORE_ACCESS.features),
        timeout: Duration.hours(2),
        deadLetters: this.deadLetters,
      });
      this.logGroup = job.logGroup;
      this.work = { kind: 'fargate', run: job.stateMachine };
    } else {
      this.logGroup = new LogGroup(this, 'Log', { retention: configuration.logDays, removalPolicy: RemovalPolicy.DESTROY });
      this.work = { kind: 'lambda', run: this.featureFunction(configuration, compute, data, imageTag) };
    }
    if (schedule !== null)
      new RunSchedule(this, 'Schedule', {
        expression: schedule,
        description: 'Headway: bring features up to date, then forecast',
        target:
          this.work.kind === 'lambda'
            ? { arn: this.work.run.functionArn, action: 'lambda:InvokeFunction' }
            : { arn: this.work.run.stateMachineArn, action: 'states:StartExecution' },
        deadLetters: this.deadLetters,
      });
    new CfnOutput(this, 'Run', {
      value: this.work.kind === 'lambda' ? this.work.run.functionName : this.work.run.stateMachineArn,
      description: this.work.kind === 'lambda' ? 'Invoke it to run features now' : 'Start an execution to run features now',
    });
  }

  private featureFunction(
    configuration: Configuration,
    compute: LambdaSize,
    { images }: DataStack,
    imageTag: string,
  ): DockerImageFunction {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    allowStore(role, this, configuration, STORE_ACCESS.features);
    role.addToPolicy(
      new PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [this.logGroup.logGroupArn] }),
    );
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.deadLetters.queueArn] }));
    role.addToPolicy(wildcardStatement('tracing'));
    acknowledgeWildcards(role, 'tracing');
    return new DockerImageFunction(this, 'Features', {
      description: `Headway (${configuration.environment}): brings features up to date, then forecasts`,
      code: DockerImageCode.fromEcr(images, {
        tagOrDigest: imageTag,
        // Not the image's own: the functions' way of handing out work is in this entry.
        entrypoint: ['node', '--import', 'tsx', 'runtime/lambda-job.ts'],
        cmd: FEATURES_COMMAND,
        workingDirectory: '/app',
      }),
      architecture: configuration.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: compute.memoryMb,
      ephemeralStorageSize: Size.mebibytes(compute.storageMb),
      timeout: Duration.minutes(15),
      environment: { ...jobEnvironment(configuration, compute.memoryMb), HEADWAY_WORK: '/tmp/work' },
      role: role.withoutPolicyUpdates(),
      logGroup: this.logGroup,
      tracing: Tracing.ACTIVE,
      // Once more, in case its machine was at fault; then the event lies in the queue.
      retryAttempts: 1,
      maxEventAge: Duration.hours(1),
      onFailure: new SqsDestination(this.deadLetters),
    });
  }
}

/** The image that was built for this deployment. Without a value CloudFormation keeps the one before. */
export function imageTagParameter(stack: Stack): string {
  return new CfnParameter(stack, 'ImageTag', {
    description: 'Tag of the image in this environment’s repository, as `npm run deploy -- ENVIRONMENT --image TAG` gives it',
    allowedPattern: '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}',
  }).valueAsString;
}
