/**
 * Purpose: the feature service on its schedule: fetch, validate, aggregate, commit; then forecast
 * with the champion. In a function or on Fargate, by the configuration; the image and the command
 * are the same.
 * Invariants: it may read and add to the store, never delete; what fails lies in the dead-letter
 * queue. Two runs at once waste work and lose nothing (docs/store-protocol.md), so nothing here has
 * to keep them apart.
 * Fails: while it is deployed, where the image of this tag has not been pushed.
 */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { DockerImageFunction } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { jobEnvironment, machineOf } from '../application.ts';
import type { Configuration } from '../configuration.ts';
import { deadLetterQueue } from '../constructs/dead-letters.ts';
import { FargateJob } from '../constructs/fargate-job.ts';
import { JobFunction } from '../constructs/job-function.ts';
import { RunSchedule } from '../constructs/run-schedule.ts';
import { imageTagParameter } from '../image-tag.ts';
import { allowStore, featureAccess } from '../store-access.ts';
import type { DataStack } from './data-stack.ts';
import type { NetworkStack } from './network-stack.ts';

/** Features, then forecasts; features alone where a batch forecasts by shards. */
const jobOf = ({ batch }: Configuration) =>
  batch === null
    ? {
        description: 'brings features up to date, then forecasts',
        command: ['schedule', '--only', 'features', '--once'],
      }
    : { description: 'brings features up to date', command: ['features', 'run'] };

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

  constructor(
    scope: Construct,
    id: string,
    configuration: Configuration,
    { data, network, ...props }: FeatureStackProps,
  ) {
    super(scope, id, props);
    const { compute, schedule } = configuration.features;
    const imageTag = imageTagParameter(this);
    const { description, command } = jobOf(configuration);
    const access = featureAccess(configuration);
    this.deadLetters = deadLetterQueue(this);
    if (compute.kind === 'fargate') {
      const job = new FargateJob(this, 'Features', {
        configuration,
        size: compute,
        network,
        images: data.images,
        imageTag,
        command,
        environment: jobEnvironment(configuration, machineOf(compute)),
        allow: (role) => allowStore(role, this, configuration, access),
        timeout: Duration.hours(2),
        deadLetters: this.deadLetters,
      });
      this.logGroup = job.logGroup;
      this.work = { kind: 'fargate', run: job.stateMachine };
    } else {
      const job = new JobFunction(this, 'Features', {
        configuration,
        description,
        size: compute,
        images: data.images,
        imageTag,
        command,
        access,
        deadLetters: this.deadLetters,
      });
      this.logGroup = job.logGroup;
      this.work = { kind: 'lambda', run: job.run };
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
      value:
        this.work.kind === 'lambda' ? this.work.run.functionName : this.work.run.stateMachineArn,
      description:
        this.work.kind === 'lambda'
          ? 'Invoke it to run features now'
          : 'Start an execution to run features now',
    });
  }
}
