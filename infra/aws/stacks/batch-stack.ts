/**
 * Purpose: forecasts of all series by many workers at once: a Distributed Map of Step Functions
 * over the shards 1/n … n/n, each of which a function forecasts by the very command that a person
 * would use, `headway forecast --shard 3/8`.
 * Invariants: every shard is issued at the moment the execution began, so that one which runs twice
 * writes the same entry twice (docs/store-protocol.md) and may be repeated freely; without a
 * champion there is nothing to forecast with, and that is no failure. A shard that fails for good
 * fails the batch, is reported, and leaves the others' forecasts in the log.
 * Fails: while it is deployed, where the image of this tag has not been pushed.
 */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Batch, Configuration } from '../configuration.ts';
import { deadLetterQueue } from '../constructs/dead-letters.ts';
import { JOB_FUNCTION_TIMEOUT, JobFunction } from '../constructs/job-function.ts';
import { caughtBy, NotifyingStateMachine, notify } from '../constructs/notifying-state-machine.ts';
import { RunSchedule } from '../constructs/run-schedule.ts';
import { imageTagParameter } from '../image-tag.ts';
import { STORE_ACCESS } from '../store-access.ts';
import { acknowledgeBeginnings } from '../wildcards.ts';
import type { DataStack } from './data-stack.ts';

const LABEL = 'Shards';

export interface BatchStackProps extends StackProps {
  readonly data: DataStack;
  readonly batch: Batch;
}

export class BatchStack extends Stack {
  readonly deadLetters: Queue;
  readonly logGroup: LogGroup;
  readonly run: StateMachine;

  constructor(
    scope: Construct,
    id: string,
    configuration: Configuration,
    { data, batch, ...props }: BatchStackProps,
  ) {
    super(scope, id, props);
    this.deadLetters = deadLetterQueue(this);
    const shard = new JobFunction(this, 'Shard', {
      configuration,
      description: 'forecasts one shard of all series',
      size: batch.compute,
      images: data.images,
      imageTag: imageTagParameter(this),
      command: ['forecast', '--shard', '{shard}', '--issued-at', '{issuedAt}'],
      access: STORE_ACCESS.batch,
      deadLetters: null,
    });
    this.logGroup = shard.logGroup;
    const name = this.stackName;
    const { machine } = new NotifyingStateMachine(this, 'Batch', {
      configuration,
      startAt: 'NumberShards',
      states: this.states(batch, shard.run.functionArn),
      // Every shard may take its time twice, one after another where none runs at the same time.
      timeout: Duration.seconds(
        600 + 2 * JOB_FUNCTION_TIMEOUT.toSeconds() * Math.ceil(batch.shards / batch.maxAtOnce),
      ),
      deadLetters: this.deadLetters,
      name,
      allow: (role) => {
        role.addToPolicy(
          new PolicyStatement({
            actions: ['lambda:InvokeFunction'],
            resources: [shard.run.functionArn],
          }),
        );
        this.allowMap(role, name);
      },
    });
    this.run = machine;
    if (batch.schedule !== null)
      new RunSchedule(this, 'Schedule', {
        expression: batch.schedule,
        description: 'Headway: forecast all series, by shards',
        target: { arn: machine.stateMachineArn, action: 'states:StartExecution' },
        deadLetters: this.deadLetters,
      });
    new CfnOutput(this, 'Run', {
      value: machine.stateMachineArn,
      description: 'Start an execution to forecast all series now',
    });
  }

  /**
   * A Distributed Map runs each item as an execution of its own, of the same machine, and looks
   * after them.
   */
  private allowMap(role: Role, name: string): void {
    const { partition, region, account } = this;
    const states = `arn:${partition}:states:${region}:${account}`;
    const executions = `${states}:execution:${name}:*`;
    const items = `${states}:execution:${name}/${LABEL}:*`;
    role.addToPolicy(
      new PolicyStatement({
        actions: ['states:StartExecution'],
        resources: [`${states}:stateMachine:${name}`],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['states:DescribeExecution', 'states:StopExecution'],
        resources: [executions, items],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({ actions: ['states:RedriveExecution'], resources: [items] }),
    );
    acknowledgeBeginnings(
      role,
      [executions, items],
      'Executions of this one machine: each is named when it starts.',
    );
  }

  private states({ shards, maxAtOnce }: Batch, functionArn: string): Record<string, object> {
    return {
      NumberShards: {
        Type: 'Pass',
        Parameters: { 'shards.$': `States.ArrayRange(1, ${shards}, 1)` },
        Next: 'ForecastShards',
      },
      ForecastShards: {
        Type: 'Map',
        Label: LABEL,
        ItemsPath: '$.shards',
        // Here, because an item knows only when it was started itself.
        ItemSelector: {
          'shard.$': `States.Format('{}/${shards}', $$.Map.Item.Value)`,
          'issuedAt.$': '$$.Execution.StartTime',
        },
        MaxConcurrency: maxAtOnce,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'ForecastShard',
          States: {
            ForecastShard: {
              Type: 'Task',
              Resource: `arn:${this.partition}:states:::lambda:invoke`,
              Parameters: { FunctionName: functionArn, 'Payload.$': '$' },
              // What comes back together must fit into 256 KB.
              ResultSelector: { isDone: true },
              TimeoutSeconds: JOB_FUNCTION_TIMEOUT.toSeconds() + 60,
              Retry: [
                {
                  ErrorEquals: [
                    ...[
                      'Lambda.ServiceException',
                      'Lambda.AWSLambdaException',
                      'Lambda.SdkClientException',
                    ],
                    'Lambda.TooManyRequestsException',
                  ],
                  ...{ IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 6, JitterStrategy: 'FULL' },
                },
                // Its machine, or the store for a moment; the second time it is reported.
                {
                  ErrorEquals: [
                    'Lambda.Unknown',
                    'Sandbox.Timedout',
                    'STORE_UNAVAILABLE',
                    'INTERNAL',
                  ],
                  MaxAttempts: 1,
                },
              ],
              Catch: [
                { ErrorEquals: ['NO_CHAMPION'], Next: 'NothingToForecastWith' },
                caughtBy('NotifyShard'),
              ],
              End: true,
            },
            NothingToForecastWith: { Type: 'Pass', Result: { isDone: true }, End: true },
            // An item that failed would end all others: it notifies, and the batch fails when they
            // are done.
            NotifyShard: notify(this, this.deadLetters, 'NotForecast', { 'shard.$': '$.shard' }),
            NotForecast: { Type: 'Pass', Result: { isDone: false }, End: true },
          },
        },
        ResultPath: '$.results',
        Catch: [caughtBy('Notify')],
        Next: 'Judge',
      },
      Judge: {
        Type: 'Pass',
        Parameters: { 'isAnyMissing.$': 'States.ArrayContains($.results[*].isDone, false)' },
        Next: 'AreAllForecast',
      },
      AreAllForecast: {
        Type: 'Choice',
        Choices: [{ Variable: '$.isAnyMissing', BooleanEquals: true, Next: 'Failed' }],
        Default: 'AllForecast',
      },
      AllForecast: { Type: 'Succeed' },
    };
  }
}
