/**
 * Purpose: lands a topic of a Kafka cluster that is there already: a service of one container that
 * runs `headway stream land` (docs/streaming.md).
 * Invariants: what was landed is in the store's log alone, so the container may be ended, replaced
 * or run twice at any time: an entry that does not go on where the newest one ends is not appended.
 * It reaches HTTPS and the brokers' ports; it may read and add to the streams of the store, and
 * nothing else; its password is in Secrets Manager. It is started again whenever it ends. That no
 * entry comes is an alarm (monitoring-stack.ts), whatever the reason.
 * Fails: while it is deployed, where the image of this tag has not been pushed, and where the
 * command ends at once again and again: the deployment is then rolled back.
 */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnSecurityGroup, CfnSecurityGroupIngress } from 'aws-cdk-lib/aws-ec2';
import { CfnService, FargatePlatformVersion } from 'aws-cdk-lib/aws-ecs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { landerEnvironment } from '../application.ts';
import { brokerPorts, type Configuration, type Stream } from '../configuration.ts';
import { containerTask } from '../constructs/container-task.ts';
import { loggedCount } from '../constructs/logged-count.ts';
import { imageTagParameter } from '../image-tag.ts';
import { allowStore, STORE_ACCESS } from '../store-access.ts';
import type { DataStack } from './data-stack.ts';
import type { NetworkStack } from './network-stack.ts';

export interface StreamStackProps extends StackProps {
  readonly data: DataStack;
  readonly network: NetworkStack;
  readonly stream: Stream;
}

export class StreamStack extends Stack {
  readonly logGroup: LogGroup;
  /** Entries of the stream log, per five minutes; none while there are none. */
  readonly entries: IMetric;
  readonly silentAfterMinutes: number;

  constructor(
    scope: Construct,
    id: string,
    configuration: Configuration,
    { data, network, stream, ...props }: StreamStackProps,
  ) {
    super(scope, id, props);
    this.logGroup = new LogGroup(this, 'Log', {
      retention: configuration.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Each entry has a line: cli/actions/stream/land.ts.
    this.entries = loggedCount(this, 'LandedEntries', {
      logGroup: this.logGroup,
      environment: configuration.environment,
      pattern: '{ $.msg = "landed*" }',
    });
    this.silentAfterMinutes = stream.silentAfterMinutes;
    const lander = new Construct(this, 'Lander');
    const task = containerTask(
      lander,
      {
        configuration,
        size: stream.compute,
        images: data.images,
        imageTag: imageTagParameter(this),
        environment: landerEnvironment(configuration, stream),
        allow: (role) => allowStore(role, this, configuration, STORE_ACCESS.stream),
        logGroup: this.logGroup,
      },
      {
        command: [
          ...['stream', 'land', '--topic', stream.topic],
          ...['--every', String(stream.everySeconds)],
        ],
        secrets:
          stream.signIn === null ? {} : { KAFKA_PASSWORD: { ...stream.signIn, field: 'password' } },
      },
    );
    const service = new CfnService(this, 'Service', {
      cluster: network.cluster.clusterArn,
      taskDefinition: task.taskDefinitionArn,
      desiredCount: 1,
      launchType: 'FARGATE',
      platformVersion: FargatePlatformVersion.VERSION1_4,
      propagateTags: 'SERVICE',
      // The new one starts before the old one stops: two land no event twice.
      deploymentConfiguration: {
        minimumHealthyPercent: 100,
        maximumPercent: 200,
        deploymentCircuitBreaker: { enable: true, rollback: true },
      },
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: stream.network
            ? [...stream.network.subnetIds]
            : network.vpc.publicSubnets.map(({ subnetId }) => subnetId),
          securityGroups: [this.outbound(stream, network).attrGroupId],
          assignPublicIp: (stream.network?.hasPublicAddress ?? true) ? 'ENABLED' : 'DISABLED',
        },
      },
    });
    // The container starts as soon as the service is there: with its rights, or in vain.
    service.node.addDependency(lander);
    new CfnOutput(this, 'ServiceArn', {
      value: service.ref,
      description: 'The service that lands the topic',
    });
  }

  /** Out over HTTPS and to the brokers; nothing in. */
  private outbound(stream: Stream, own: NetworkStack): CfnSecurityGroup {
    const { network } = stream;
    const ports = brokerPorts(stream);
    const everywhere = { cidrIp: '0.0.0.0/0' };
    const brokers =
      network === null ? everywhere : { destinationSecurityGroupId: network.brokersGroupId };
    const tcp = (port: number) => ({ ipProtocol: 'tcp', fromPort: port, toPort: port });
    const group = new CfnSecurityGroup(this, 'Outbound', {
      vpcId: network?.vpcId ?? own.vpc.vpcId,
      groupDescription: 'Headway lander: out over HTTPS and to the brokers, nothing in',
      securityGroupEgress: [
        { ...tcp(443), ...everywhere, description: 'S3, ECR, CloudWatch, Secrets Manager' },
        ...ports.map((port) => ({ ...tcp(port), ...brokers, description: 'the brokers' })),
      ],
    });
    if (network !== null)
      for (const port of ports)
        new CfnSecurityGroupIngress(this, `BrokersLetIn${port}`, {
          groupId: network.brokersGroupId,
          sourceSecurityGroupId: group.attrGroupId,
          ...tcp(port),
          description: `Headway ${this.stackName}`,
        });
    return group;
  }
}
