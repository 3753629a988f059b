/**
 * Purpose: training on Fargate: on its schedule, and whenever an event of detail-type `drift` is
 * put on this environment's bus.
 * Invariants: a run that loses its machine goes on elsewhere from the last checkpoint of each fit,
 * because two things outlive the task: the work folder with its checkpoints (docs/decisions/0014),
 * which is on a file system, and the question, which is "what was known when the execution
 * started", so that a snapshot committed meanwhile changes nothing. The gate decides alone who
 * becomes champion.
 * Fails: while it is deployed, where the image of this tag has not been pushed.
 */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  type AccessPoint,
  type CfnFileSystem,
  FileSystem,
  LifecyclePolicy,
  PerformanceMode,
  ThroughputMode,
} from 'aws-cdk-lib/aws-efs';
import { EventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import {
  AnyPrincipal,
  Effect,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { jobEnvironment } from '../application.ts';
import type { Configuration } from '../configuration.ts';
import { deadLetterQueue } from '../constructs/dead-letters.ts';
import { FargateJob } from '../constructs/fargate-job.ts';
import { RunSchedule } from '../constructs/run-schedule.ts';
import { imageTagParameter } from '../image-tag.ts';
import { allowStore, STORE_ACCESS } from '../store-access.ts';
import type { DataStack } from './data-stack.ts';
import type { NetworkStack } from './network-stack.ts';

/** What may stay on the file system, which is paid by size: half of it copies of the store. */
const WORK_FOLDER_MB = 1024;

/** Of Node's images. */
const NODE_USER = '1000';

export interface TrainingStackProps extends StackProps {
  readonly data: DataStack;
  readonly network: NetworkStack;
}

export class TrainingStack extends Stack {
  readonly deadLetters: Queue;
  readonly logGroup: LogGroup;
  readonly run: StateMachine;
  readonly events: EventBus;

  constructor(
    scope: Construct,
    id: string,
    configuration: Configuration,
    { data, network, ...props }: TrainingStackProps,
  ) {
    super(scope, id, props);
    const { compute, schedule, timeoutHours } = configuration.training;
    const imageTag = imageTagParameter(this);
    this.deadLetters = deadLetterQueue(this);
    const { fileSystem, folder } = this.workFolder(network);
    const job = new FargateJob(this, 'Training', {
      configuration,
      size: compute,
      network,
      images: data.images,
      imageTag,
      command: { intrinsic: "States.Array('train', '--known-at', $$.Execution.StartTime)" },
      environment: {
        ...jobEnvironment(configuration, { memoryMb: compute.memoryMb, diskMb: WORK_FOLDER_MB }),
      },
      allow: (role) => {
        allowStore(role, this, configuration, STORE_ACCESS.training);
        role.addToPolicy(
          new PolicyStatement({
            sid: 'WorkFolder',
            actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
            resources: [fileSystem.fileSystemArn],
            conditions: {
              StringEquals: { 'elasticfilesystem:AccessPointArn': folder.accessPointArn },
            },
          }),
        );
      },
      timeout: Duration.hours(timeoutHours),
      deadLetters: this.deadLetters,
      workFolder: {
        fileSystemId: fileSystem.fileSystemId,
        transitEncryption: 'ENABLED',
        authorizationConfig: { accessPointId: folder.accessPointId, iam: 'ENABLED' },
      },
    });
    job.node.addDependency(fileSystem.mountTargetsAvailable);
    this.logGroup = job.logGroup;
    this.run = job.stateMachine;
    if (schedule !== null)
      new RunSchedule(this, 'Schedule', {
        expression: schedule,
        description: 'Headway: train, and promote what is better',
        target: { arn: this.run.stateMachineArn, action: 'states:StartExecution' },
        deadLetters: this.deadLetters,
      });
    this.events = new EventBus(this, 'Events', {
      eventBusName: `headway-${configuration.environment}`,
    });
    this.trainOnDrift();
    new CfnOutput(this, 'Run', {
      value: this.run.stateMachineArn,
      description: 'Start an execution to train now',
    });
  }

  /**
   * A monitor puts {"Source": "headway", "DetailType": "drift", "EventBusName":
   * "headway-ENVIRONMENT"} on the bus.
   */
  private trainOnDrift(): void {
    const role = new Role(this, 'DriftRole', {
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['states:StartExecution'],
        resources: [this.run.stateMachineArn],
      }),
    );
    new Rule(this, 'Drift', {
      description: 'Headway: forecasts have drifted from what happens: train',
      eventBus: this.events,
      eventPattern: {
        source: Match.exactString('headway'),
        detailType: Match.exactString('drift'),
      },
      targets: [
        new SfnStateMachine(this.run, {
          role: role.withoutPolicyUpdates(),
          deadLetterQueue: this.deadLetters,
          maxEventAge: Duration.hours(1),
          retryAttempts: 10,
        }),
      ],
    });
  }

  /**
   * Checkpoints, and copies of what is in the store: nothing is worth a backup or survives
   * `destroy`.
   */
  private workFolder(network: NetworkStack): { fileSystem: FileSystem; folder: AccessPoint } {
    const group = new SecurityGroup(this, 'WorkFolderAccess', {
      vpc: network.vpc,
      description: 'Headway work folder: NFS from containers alone',
      allowAllOutbound: false,
    });
    group.addIngressRule(network.outbound, Port.tcp(2049), 'containers of Headway');
    const fileSystem = new FileSystem(this, 'WorkFolder', {
      vpc: network.vpc,
      vpcSubnets: { subnets: network.vpc.publicSubnets },
      securityGroup: group,
      encrypted: true,
      enableAutomaticBackups: false,
      performanceMode: PerformanceMode.GENERAL_PURPOSE,
      throughputMode: ThroughputMode.ELASTIC,
      lifecyclePolicy: LifecyclePolicy.AFTER_7_DAYS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Whoever has the right by a role of its own, and nobody by standing in this network. Given as
    // a property, CDK would add to it that everybody there may write.
    const { defaultChild } = fileSystem.node;
    (defaultChild as CfnFileSystem).fileSystemPolicy = refusals();
    const folder = fileSystem.addAccessPoint('Folder', {
      path: '/work',
      createAcl: { ownerUid: NODE_USER, ownerGid: NODE_USER, permissions: '700' },
      posixUser: { uid: NODE_USER, gid: NODE_USER },
    });
    return { fileSystem, folder };
  }
}

/**
 * A policy that only refuses: with any policy at all, EFS lets in nobody who has no right from
 * elsewhere.
 */
function refusals(): PolicyDocument {
  const everybody = { effect: Effect.DENY, principals: [new AnyPrincipal()] };
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        ...everybody,
        sid: 'OverTlsOnly',
        actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
      new PolicyStatement({
        ...everybody,
        sid: 'NotAsRoot',
        actions: ['elasticfilesystem:ClientRootAccess'],
      }),
    ],
  });
}
