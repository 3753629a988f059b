/**
 * Purpose: a container that runs one command to its end: its task, and the state machine that
 * starts it, goes on elsewhere when spare capacity is taken away, and puts what failed into the
 * dead-letter queue.
 * Invariants: the task is as container-task.ts; a run that failed by itself is not repeated, one
 * that lost its machine is; a started run ends in success, or in a message in the queue and a
 * failed execution, which the alarms watch.
 * Fails: ConfigurationError for nothing: sizes are checked in infra/aws/configuration.ts.
 */
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { FargatePlatformVersion, type FargateTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { FargateSize } from '../configuration.ts';
import { clusterName, type NetworkStack } from '../stacks/network-stack.ts';
import { acknowledgeBeginnings } from '../wildcards.ts';
import { CONTAINER, type ContainerTaskProps, containerTask } from './container-task.ts';
import { caughtBy, NotifyingStateMachine } from './notifying-state-machine.ts';

export interface FargateJobProps extends Omit<ContainerTaskProps, 'logGroup'> {
  readonly size: FargateSize;
  readonly network: NetworkStack;
  /** The arguments of `headway`, as an intrinsic function of Step Functions or a list. */
  readonly command: readonly string[] | { readonly intrinsic: string };
  readonly timeout: Duration;
  readonly deadLetters: IQueue;
}

export class FargateJob extends Construct {
  readonly stateMachine: StateMachine;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: FargateJobProps) {
    super(scope, id);
    const { configuration } = props;
    this.logGroup = new LogGroup(this, 'Log', {
      retention: configuration.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const task = containerTask(this, { ...props, logGroup: this.logGroup });
    this.stateMachine = this.machine(props, task);
  }

  private machine(props: FargateJobProps, task: FargateTaskDefinition): StateMachine {
    const { size, timeout, deadLetters, configuration } = props;
    return new NotifyingStateMachine(this, 'Run', {
      configuration,
      startAt: size.spot ? 'RunOnSpareCapacity' : 'RunAtFullPrice',
      states: states(props, task),
      timeout: Duration.seconds(timeout.toSeconds() * (size.spot ? 2 : 1) + 600),
      deadLetters,
      allow: (role) => this.allowTasks(role, props, task),
    }).machine;
  }

  private allowTasks(
    role: Role,
    { network, configuration }: FargateJobProps,
    task: FargateTaskDefinition,
  ): void {
    const { partition, region, account, stackName } = Stack.of(this);
    const family = `arn:${partition}:ecs:${region}:${account}:task-definition/${stackName}:*`;
    const inCluster = { ArnEquals: { 'ecs:cluster': network.cluster.clusterArn } };
    role.addToPolicy(
      new PolicyStatement({ actions: ['ecs:RunTask'], resources: [family], conditions: inCluster }),
    );
    const tasks = `arn:${partition}:ecs:${region}:${account}:task/${clusterName(configuration)}/*`;
    role.addToPolicy(
      new PolicyStatement({
        actions: ['ecs:StopTask', 'ecs:DescribeTasks'],
        resources: [tasks],
        conditions: inCluster,
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['ecs:TagResource'],
        resources: [tasks],
        conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [task.taskRole.roleArn, task.executionRole!.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
      }),
    );
    // How Step Functions hears that a task has ended: a rule that it makes and names itself.
    role.addToPolicy(
      new PolicyStatement({
        actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
        resources: [
          `arn:${partition}:events:${region}:${account}:rule/StepFunctionsGetEventsForECSTaskRule`,
        ],
      }),
    );
    acknowledgeBeginnings(
      role,
      [family],
      'Every revision of one task definition: an execution that began before a deployment ' +
        'must be able to end.',
    );
    acknowledgeBeginnings(
      role,
      [tasks],
      'The tasks of one cluster: a task is named when it starts.',
    );
  }
}

/**
 * The machine in Amazon's states language: run; if its capacity was taken away or there is none,
 * run on at the full price.
 */
function states(
  { size, network, command, timeout }: FargateJobProps,
  task: FargateTaskDefinition,
): Record<string, object> {
  const run = (capacity: 'FARGATE' | 'FARGATE_SPOT', onFailure: string) => ({
    Type: 'Task',
    Resource: `arn:${Stack.of(task).partition}:states:::ecs:runTask.sync`,
    TimeoutSeconds: timeout.toSeconds(),
    Parameters: {
      Cluster: network.cluster.clusterArn,
      // Without its number: the newest revision.
      TaskDefinition: task.family,
      CapacityProviderStrategy: [{ CapacityProvider: capacity, Weight: 1 }],
      PlatformVersion: FargatePlatformVersion.VERSION1_4,
      PropagateTags: 'TASK_DEFINITION',
      NetworkConfiguration: {
        AwsvpcConfiguration: {
          Subnets: network.vpc.publicSubnets.map(({ subnetId }) => subnetId),
          SecurityGroups: [network.outbound.securityGroupId],
          AssignPublicIp: 'ENABLED',
        },
      },
      Overrides: {
        ContainerOverrides: [
          {
            Name: CONTAINER,
            ...('intrinsic' in command ? { 'Command.$': command.intrinsic } : { Command: command }),
          },
        ],
      },
    },
    Catch: [caughtBy(onFailure)],
    End: true,
  });
  // A time-out has no cause, and a choice on what is absent would end the execution untold.
  const cause = '$.failure.Cause';
  const lostItsMachine = (text: string) => ({
    And: [
      { Variable: cause, IsPresent: true },
      { Variable: cause, StringMatches: text },
    ],
    Next: 'RunAtFullPrice',
  });
  const spot = {
    RunOnSpareCapacity: run('FARGATE_SPOT', 'WhyItStopped'),
    WhyItStopped: {
      Type: 'Choice',
      Choices: [lostItsMachine('*SpotInterruption*'), lostItsMachine('*apacity is unavailable*')],
      Default: 'Notify',
    },
  };
  return { ...(size.spot ? spot : {}), RunAtFullPrice: run('FARGATE', 'Notify') };
}
