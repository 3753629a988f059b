/**
 * Purpose: starts something at the times of a schedule: EventBridge Scheduler with a role that may
 * start this one thing.
 * Invariants: a start that fails is tried again for an hour and then lies in the queue; without a
 * schedule nothing is made.
 * Fails: never; the expression is checked in infra/aws/configuration.ts.
 */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface RunScheduleProps {
  /** cron(…) or rate(…), in UTC. */
  readonly expression: string;
  readonly description: string;
  readonly target: {
    readonly arn: string;
    readonly action: 'states:StartExecution' | 'lambda:InvokeFunction';
  };
  /** null: what is missed is not worth keeping. */
  readonly deadLetters: IQueue | null;
  /** On the minute, for what is measured by the minute; else within five. */
  readonly isPunctual?: boolean;
}

export class RunSchedule extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { expression, description, target, deadLetters, isPunctual = false }: RunScheduleProps,
  ) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: [target.action], resources: [target.arn] }));
    if (deadLetters !== null)
      role.addToPolicy(
        new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }),
      );
    const schedule = new CfnSchedule(this, 'Schedule', {
      description,
      scheduleExpression: expression,
      scheduleExpressionTimezone: 'UTC',
      // A few minutes either way keep whole hours from being rush hours.
      flexibleTimeWindow: isPunctual
        ? { mode: 'OFF' }
        : { mode: 'FLEXIBLE', maximumWindowInMinutes: 5 },
      target: {
        arn: target.arn,
        roleArn: role.roleArn,
        input: '{}',
        ...(deadLetters === null ? {} : { deadLetterConfig: { arn: deadLetters.queueArn } }),
        retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 10 },
      },
    });
    // The schedule may fire as soon as it is there.
    schedule.node.addDependency(role);
  }
}
