/**
 * Purpose: where containers run: a network without a way in, and the cluster.
 * Invariants: containers have public addresses and no listener: that spares a NAT gateway (about 35
 * USD a month and place), and nothing can connect to them, because their group lets nothing in. The
 * store is reached inside AWS's network, through a gateway that costs nothing.
 * Fails: while it is deployed, where an account may not have another network.
 */
import { Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';

export const clusterName = ({ environment }: Configuration): string => `headway-${environment}`;

export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  readonly cluster: Cluster;
  /** Of every container: out over HTTPS and to the work folder of training; nothing in. */
  readonly outbound: SecurityGroup;

  constructor(scope: Construct, id: string, configuration: Configuration, props: StackProps) {
    super(scope, id, props);
    const vpc = new Vpc(this, 'Network', {
      ipAddresses: IpAddresses.cidr('10.64.0.0/20'),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      ],
      gatewayEndpoints: { Store: { service: GatewayVpcEndpointAwsService.S3 } },
      // Emptying the default group takes a function with rights over every group; nothing of ours
      // is in it.
      restrictDefaultSecurityGroup: false,
    });
    // The cast: see infra/aws/stacks/data-stack.ts.
    this.vpc = vpc as IVpc;
    this.logRefusedConnections(configuration);

    this.outbound = new SecurityGroup(this, 'Outbound', {
      vpc: this.vpc,
      description: 'Headway containers: out over HTTPS, nothing in',
      allowAllOutbound: false,
    });
    this.outbound.addEgressRule(
      Peer.anyIpv4(),
      Port.tcp(443),
      'S3, ECR, CloudWatch, and where raw data is published',
    );
    this.outbound.addEgressRule(
      Peer.ipv4(this.vpc.vpcCidrBlock),
      Port.tcp(2049),
      'the work folder of training',
    );

    this.cluster = new Cluster(this, 'Cluster', {
      vpc: this.vpc,
      clusterName: clusterName(configuration),
      enableFargateCapacityProviders: true,
      containerInsightsV2: ContainerInsights.ENABLED,
    });
  }

  /**
   * CloudFormation fills them in. With an account named, CDK would look them up while it
   * synthesises, which needs that account, and write dummies where it is not asked.
   */
  override get availabilityZones(): string[] {
    return [0, 1].map((i) => Fn.select(i, Fn.getAzs()));
  }

  private logRefusedConnections({ logDays }: Configuration): void {
    const logGroup = new LogGroup(this, 'RefusedConnections', {
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'FlowLogRole', {
      assumedBy: new ServicePrincipal('vpc-flow-logs.amazonaws.com'),
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
        resources: [logGroup.logGroupArn],
      }),
    );
    this.vpc.addFlowLog('Refused', {
      destination: FlowLogDestination.toCloudWatchLogs(logGroup, role.withoutPolicyUpdates()),
      trafficType: FlowLogTrafficType.REJECT,
    });
  }
}
