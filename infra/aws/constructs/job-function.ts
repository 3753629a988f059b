/**
 * Purpose: the image's commands as a function: nothing to pay between runs, and at most 15 minutes
 * and 10 GB.
 * Invariants: the function may do with the store what its service may, write its log and its
 * traces, and nothing else; what an event may choose is decided by platform/jobs/lambda-job.ts.
 * Fails: while it is deployed, where the image of this tag has not been pushed.
 */
import { Duration, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  DockerImageCode,
  DockerImageFunction,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { jobEnvironment } from '../application.ts';
import type { Configuration, LambdaSize } from '../configuration.ts';
import { allowStore, type StoreAccess } from '../store-access.ts';
import { acknowledgeWildcards, wildcardStatement } from '../wildcards.ts';

export const JOB_FUNCTION_TIMEOUT = Duration.minutes(15);

export interface JobFunctionProps {
  readonly configuration: Configuration;
  readonly description: string;
  readonly size: LambdaSize;
  readonly images: IRepository;
  readonly imageTag: string;
  /** The arguments of `headway`; `{name}` is taken from the event. */
  readonly command: readonly string[];
  readonly access: StoreAccess;
  /**
   * Where an event goes that failed twice; null: whoever invokes it waits for the result and sees
   * to that.
   */
  readonly deadLetters: IQueue | null;
}

export class JobFunction extends Construct {
  readonly run: DockerImageFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: JobFunctionProps) {
    super(scope, id);
    const { configuration, size, deadLetters } = props;
    this.logGroup = new LogGroup(this, 'Log', {
      retention: configuration.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    allowStore(role, Stack.of(this), configuration, props.access);
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    if (deadLetters !== null)
      role.addToPolicy(
        new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }),
      );
    role.addToPolicy(wildcardStatement('tracing'));
    acknowledgeWildcards(role, 'tracing');
    this.run = new DockerImageFunction(this, 'Function', {
      description: `Headway (${configuration.environment}): ${props.description}`,
      code: DockerImageCode.fromEcr(props.images, {
        tagOrDigest: props.imageTag,
        // Not the image's own: the functions' way of handing out work is in this entry.
        entrypoint: ['node', '--import', 'tsx', 'platform/jobs/lambda-job.ts'],
        cmd: [...props.command],
        workingDirectory: '/app',
      }),
      architecture:
        configuration.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: size.memoryMb,
      ephemeralStorageSize: Size.mebibytes(size.storageMb),
      timeout: JOB_FUNCTION_TIMEOUT,
      environment: {
        ...jobEnvironment(configuration, { memoryMb: size.memoryMb, diskMb: size.storageMb }),
        HEADWAY_WORK: '/tmp/work',
      },
      role: role.withoutPolicyUpdates(),
      logGroup: this.logGroup,
      tracing: Tracing.ACTIVE,
      // Once more, in case its machine was at fault; then the event lies in the queue.
      ...(deadLetters === null
        ? {}
        : {
            retryAttempts: 1,
            maxEventAge: Duration.hours(1),
            onFailure: new SqsDestination(deadLetters),
          }),
    });
  }
}
