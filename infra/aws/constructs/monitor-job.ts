/**
 * Purpose: monitoring on its schedule: forecasts are scored, drift is judged, the policy
 * decides and acts, alerts go to the topic.
 * Invariants: as the other jobs: the image's own command, on a machine of the size of
 * training's, because the policy may train; it may publish to this one topic. Its log carries
 * the metrics `Skill` and `CoverageError`, for which the alarms wait.
 * Fails: while it is deployed, where the image of this tag has not been pushed.
 */
import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { jobEnvironment, machineOf } from '../application.ts';
import type { Configuration } from '../configuration.ts';
import { imageTagParameter } from '../image-tag.ts';
import type { DataStack } from '../stacks/data-stack.ts';
import type { NetworkStack } from '../stacks/network-stack.ts';
import { allowStore, STORE_ACCESS } from '../store-access.ts';
import { deadLetterQueue } from './dead-letters.ts';
import { FargateJob } from './fargate-job.ts';
import { RunSchedule } from './run-schedule.ts';

export interface MonitorJobProps {
  readonly configuration: Configuration;
  readonly data: DataStack;
  readonly network: NetworkStack;
  /** Where alerts go. */
  readonly topic: ITopic;
}

export class MonitorJob extends Construct {
  readonly deadLetters: Queue;
  readonly logGroup: LogGroup;
  readonly run: StateMachine;

  constructor(scope: Construct, id: string, props: MonitorJobProps) {
    super(scope, id);
    const { configuration, data, network, topic } = props;
    const { compute, timeoutHours } = configuration.training;
    const stack = Stack.of(this);
    this.deadLetters = deadLetterQueue(this);
    const job = new FargateJob(this, 'Monitor', {
      configuration,
      size: compute,
      network,
      images: data.images,
      imageTag: imageTagParameter(stack),
      command: ['schedule', '--only', 'monitoring', '--once'],
      environment: {
        ...jobEnvironment(configuration, machineOf(compute)),
        HEADWAY_ALERT_SNS: topic.topicArn,
        HEADWAY_CLOUDWATCH: configuration.environment,
      },
      allow: (role) => {
        allowStore(role, stack, configuration, STORE_ACCESS.monitoring);
        role.addToPolicy(
          new PolicyStatement({
            sid: 'Alerts',
            actions: ['sns:Publish'],
            resources: [topic.topicArn],
          }),
        );
      },
      timeout: Duration.hours(timeoutHours),
      deadLetters: this.deadLetters,
    });
    this.logGroup = job.logGroup;
    this.run = job.stateMachine;
    const { schedule } = configuration.monitoring;
    if (schedule !== null)
      new RunSchedule(this, 'Schedule', {
        expression: schedule,
        description: 'Headway: score forecasts, judge drift, decide',
        target: { arn: this.run.stateMachineArn, action: 'states:StartExecution' },
        deadLetters: this.deadLetters,
      });
  }
}
