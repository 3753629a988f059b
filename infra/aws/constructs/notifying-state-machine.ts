/**
 * Purpose: a state machine whose failures are reported: whatever its states catch goes to the state
 * `Notify`, which puts it into the dead-letter queue and fails the execution, which the alarms
 * watch.
 * Invariants: its role may do what its states need, and notify, log and trace; nothing else.
 * Fails: never.
 */
import { type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import {
  DefinitionBody,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';
import { acknowledgeWildcards, wildcardStatement } from '../wildcards.ts';

/** Of a state that can fail: where any failure goes, in the form that a notifying state takes. */
export const caughtBy = (next: string): object => ({
  ErrorEquals: ['States.ALL'],
  ResultPath: '$.failure',
  Next: next,
});

/** The state that reports `$.failure`, and what else of its input is asked. */
export const notify = (
  stack: Stack,
  deadLetters: IQueue,
  next: string,
  more: Readonly<Record<string, string>> = {},
): object => ({
  Type: 'Task',
  Resource: `arn:${stack.partition}:states:::sqs:sendMessage`,
  Parameters: {
    QueueUrl: deadLetters.queueUrl,
    MessageBody: { 'execution.$': '$$.Execution.Id', ...more, 'failure.$': '$.failure' },
  },
  ResultPath: null,
  Next: next,
});

export interface NotifyingStateMachineProps {
  readonly configuration: Configuration;
  /** In Amazon's states language; `Notify` takes `$.failure`. */
  readonly startAt: string;
  readonly states: Readonly<Record<string, object>>;
  readonly timeout: Duration;
  readonly deadLetters: IQueue;
  /** What its states may do. */
  readonly allow: (role: Role) => void;
  /** For a machine that must be known by name; without it CloudFormation names it. */
  readonly name?: string;
}

export class NotifyingStateMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: NotifyingStateMachineProps) {
    super(scope, id);
    const { configuration, deadLetters } = props;
    const { stackName } = Stack.of(this);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
    });
    props.allow(role);
    role.addToPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }),
    );
    role.addToPolicy(wildcardStatement('logDelivery'));
    role.addToPolicy(wildcardStatement('tracing'));
    acknowledgeWildcards(role, 'logDelivery', 'tracing');
    const log = new LogGroup(this, 'Log', {
      // Step Functions asks for this beginning: log policies have a limited length.
      logGroupName: `/aws/vendedlogs/states/${stackName}`,
      retention: configuration.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const definition = {
      StartAt: props.startAt,
      States: {
        ...props.states,
        Notify: notify(Stack.of(this), deadLetters, 'Failed'),
        Failed: {
          Type: 'Fail',
          Error: 'RunFailed',
          Cause: 'The message in the dead-letter queue says why.',
        },
      },
    };
    this.machine = new StateMachine(this, 'Machine', {
      ...(props.name === undefined ? {} : { stateMachineName: props.name }),
      role: role.withoutPolicyUpdates(),
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(JSON.stringify(definition)),
      timeout: props.timeout,
      logs: { destination: log, level: LogLevel.ALL, includeExecutionData: true },
      tracingEnabled: true,
    });
  }
}
