/**
 * Purpose: the task of a container on Fargate: the image, its settings, and its two roles.
 * Invariants: the container's root is read-only and its user is none of importance; it writes to
 * /data, which is gone with the task, and to its work folder, which may outlive it. A secret is
 * read by ECS when the container starts, and is in no template and no log.
 * Fails: ConfigurationError for nothing: sizes are checked in infra/aws/configuration.ts.
 */
import { Duration, Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import {
  ContainerImage,
  CpuArchitecture,
  type EfsVolumeConfiguration,
  FargateTaskDefinition,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  Secret,
} from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret as StoredSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Configuration, ContainerSize } from '../configuration.ts';
import { acknowledge, acknowledgeWildcards, wildcardStatement } from '../wildcards.ts';

/** A field of a secret in Secrets Manager. */
export interface SecretField {
  readonly secretArn: string;
  /** Of the key that encrypts it; null: Secrets Manager's own, which needs no right. */
  readonly keyArn: string | null;
  readonly field: string;
}

export interface ContainerTaskProps {
  readonly configuration: Configuration;
  readonly size: ContainerSize;
  readonly images: IRepository;
  readonly imageTag: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What the command itself may do. */
  readonly allow: (role: Role) => void;
  readonly logGroup: LogGroup;
  /** A work folder that outlives the task; without it the work folder goes with the task. */
  readonly workFolder?: EfsVolumeConfiguration;
}

/** Of a task whose command is its own, and not given when it is started. */
export interface StandingTask {
  readonly command: readonly string[];
  /** By the variable that gets it. */
  readonly secrets: Readonly<Record<string, SecretField>>;
}

export const CONTAINER = 'headway';

export function containerTask(
  scope: Construct,
  props: ContainerTaskProps,
  standing: StandingTask | null = null,
): FargateTaskDefinition {
  const { configuration, size, images, imageTag, environment, workFolder } = props;
  const taskRole = new Role(scope, 'TaskRole', { assumedBy: tasksOfThisAccount(scope) });
  props.allow(taskRole);
  const secrets = Object.entries(standing?.secrets ?? {});
  const executionRole = executionRoleOf(scope, props, Object.values(standing?.secrets ?? {}));
  const task = new FargateTaskDefinition(scope, 'Task', {
    family: Stack.of(scope).stackName,
    cpu: size.cpu,
    memoryLimitMiB: size.memoryMb,
    ephemeralStorageGiB: size.storageGb,
    runtimePlatform: {
      operatingSystemFamily: OperatingSystemFamily.LINUX,
      cpuArchitecture:
        configuration.architecture === 'arm64' ? CpuArchitecture.ARM64 : CpuArchitecture.X86_64,
    },
    taskRole,
    // What it needs is above; CDK would widen it.
    executionRole: executionRole.withoutPolicyUpdates(),
    // The image declares /data as a volume of its user; a volume without a place of its own takes
    // that over.
    volumes: [
      { name: 'data' },
      ...(workFolder ? [{ name: 'work', efsVolumeConfiguration: workFolder }] : []),
    ],
  });
  const container = task.addContainer(CONTAINER, {
    image: ContainerImage.fromEcrRepository(images, imageTag),
    ...(standing === null ? {} : { command: [...standing.command] }),
    // TMPDIR: the loader keeps what it has compiled there, and nothing else may be written.
    environment: {
      ...environment,
      HEADWAY_WORK: workFolder ? '/work' : '/data/work',
      TMPDIR: '/data',
      AWS_REGION: Stack.of(scope).region,
      NODE_ENV: 'production',
    },
    secrets: Object.fromEntries(
      secrets.map(([name, { secretArn, field }]) => [
        name,
        Secret.fromSecretsManager(
          StoredSecret.fromSecretCompleteArn(scope, `Secret-${name}`, secretArn),
          field,
        ),
      ]),
    ),
    readonlyRootFilesystem: true,
    privileged: false,
    // Process 1 gets no signal's default action: with an init of ECS's own the command does.
    linuxParameters: new LinuxParameters(scope, 'Init', { initProcessEnabled: true }),
    // Spare capacity is taken away two minutes after it is announced.
    stopTimeout: Duration.minutes(2),
    logging: LogDrivers.awsLogs({ streamPrefix: CONTAINER, logGroup: props.logGroup }),
  });
  container.addMountPoints({ sourceVolume: 'data', containerPath: '/data', readOnly: false });
  if (workFolder)
    container.addMountPoints({ sourceVolume: 'work', containerPath: '/work', readOnly: false });
  acknowledge(
    task,
    'AwsSolutions-ECS2',
    'The environment holds settings of Headway, which docs/reference.md lists; none is a secret.',
  );
  return task;
}

/** What ECS needs to start the container: its image, its log, its secrets. */
function executionRoleOf(
  scope: Construct,
  { images, logGroup }: ContainerTaskProps,
  secrets: readonly SecretField[],
): Role {
  const role = new Role(scope, 'ExecutionRole', { assumedBy: tasksOfThisAccount(scope) });
  role.addToPolicy(
    new PolicyStatement({
      actions: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:GetDownloadUrlForLayer',
        'ecr:BatchGetImage',
      ],
      resources: [images.repositoryArn],
    }),
  );
  role.addToPolicy(
    new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  );
  for (const { secretArn, keyArn } of secrets) {
    role.addToPolicy(
      new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secretArn] }),
    );
    if (keyArn !== null)
      role.addToPolicy(
        new PolicyStatement({
          actions: ['kms:Decrypt'],
          resources: [keyArn],
          conditions: {
            StringEquals: {
              'kms:ViaService': `secretsmanager.${secretArn.split(':')[3]}.amazonaws.com`,
            },
          },
        }),
      );
  }
  role.addToPolicy(wildcardStatement('registryLogin'));
  acknowledgeWildcards(role, 'registryLogin');
  return role;
}

/** Nobody else's task may take the role, should it ever be handed its name. */
const tasksOfThisAccount = (scope: Construct): ServicePrincipal =>
  new ServicePrincipal('ecs-tasks.amazonaws.com', {
    conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
  });
