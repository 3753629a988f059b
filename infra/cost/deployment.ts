/**
 * Purpose: what of an environment is paid for, read from its templates: sizes, schedules, counts.
 * Invariants: every type of resource is either read here or known to cost nothing by itself; one
 * that is neither is refused, so that nothing is deployed without a price.
 * Fails: a plain Error that names the type, or what a template lacks.
 */
import { runsPerMonth } from './schedule.ts';
import type { Resource, Templates } from './templates.ts';

export interface FunctionSize {
  readonly kind: 'function';
  readonly memoryGb: number;
  /** Of /tmp beyond what is free. */
  readonly diskGb: number;
  readonly isArm: boolean;
  readonly isTraced: boolean;
}

export interface TaskSize {
  readonly kind: 'task';
  readonly vcpu: number;
  readonly memoryGb: number;
  /** Beyond what is free. */
  readonly diskGb: number;
  readonly isArm: boolean;
  readonly isSpot: boolean;
}

export interface Job {
  readonly runsPerMonth: number;
  readonly size: FunctionSize | TaskSize;
}

export interface Deployment {
  readonly service: FunctionSize;
  readonly provisioned: number;
  readonly hasHttpApi: boolean;
  readonly hasDistribution: boolean;
  /** Rules of each web ACL. */
  readonly firewalls: readonly number[];
  readonly features: Job;
  readonly training: Job;
  readonly monitoring: Job;
  readonly batch: (Job & { readonly shards: number }) | null;
  /** Lands a stream all the time. */
  readonly lander: { readonly size: TaskSize; readonly everySeconds: number } | null;
  readonly probe: Job;
  readonly machines: number;
  readonly schedules: number;
  readonly hasInsights: boolean;
  readonly fileSystems: number;
  readonly natGateways: number;
  /** An interface endpoint is paid once for each subnet that it is in. */
  readonly endpoints: number;
  readonly logDays: number;
  /** An alarm on an expression is paid for each metric in it. */
  readonly alarmMetrics: number;
  readonly dashboards: number;
  /** Our own metrics: those that the probe sends all the time, and those of monitoring's runs. */
  readonly metrics: { readonly probe: number; readonly monitoring: number; readonly log: number };
}

/** Free by themselves, or paid by use that is priced elsewhere or is nothing to speak of. */
const FREE = new Set([
  ...['ApiGatewayV2::Integration', 'ApiGatewayV2::Route', 'ApiGatewayV2::Stage'],
  ...['Budgets::Budget', 'CloudFront::OriginAccessControl', 'CodeDeploy::Application'],
  ...['CodeDeploy::DeploymentGroup', 'EC2::FlowLog', 'EC2::InternetGateway', 'EC2::Route'],
  ...['EC2::RouteTable', 'EC2::SecurityGroup', 'EC2::SecurityGroupEgress', 'EC2::Subnet'],
  ...['EC2::SecurityGroupIngress', 'EC2::SubnetRouteTableAssociation', 'EC2::VPC'],
  ...['EC2::VPCGatewayAttachment', 'ECS::ClusterCapacityProviderAssociations'],
  ...['EFS::AccessPoint', 'EFS::MountTarget', 'Events::EventBus', 'Events::Rule'],
  ...['IAM::OIDCProvider', 'IAM::Policy', 'IAM::Role', 'Lambda::EventInvokeConfig'],
  ...['Lambda::Permission', 'Lambda::Url', 'Lambda::Version', 'S3::BucketPolicy'],
  ...['SNS::Subscription', 'SNS::Topic', 'SNS::TopicPolicy', 'SQS::Queue', 'SQS::QueuePolicy'],
]);

const READ = new Set([
  ...['ApiGatewayV2::Api', 'CloudFront::Distribution', 'CloudWatch::Alarm', 'EC2::NatGateway'],
  ...['CloudWatch::Dashboard', 'EC2::VPCEndpoint', 'ECR::Repository', 'ECS::Cluster'],
  ...['ECS::Service', 'ECS::TaskDefinition', 'EFS::FileSystem', 'Lambda::Alias'],
  ...['Lambda::Function'],
  ...['Logs::LogGroup', 'Logs::MetricFilter', 'S3::Bucket', 'Scheduler::Schedule'],
  ...['StepFunctions::StateMachine', 'WAFv2::WebACL'],
]);

const FREE_LAMBDA_MB = 512;
const FREE_TASK_GB = 20;

type Properties = Readonly<Record<string, unknown>>;
interface Found {
  readonly stack: string;
  readonly id: string;
  readonly properties: Properties;
}

export async function readDeployment(templates: Templates): Promise<Deployment> {
  const find = finder(templates);
  const [service] = find('Lambda::Function', 'inference');
  const [alias] = find('Lambda::Alias', 'inference');
  const provisioned = alias?.properties.ProvisionedConcurrencyConfig as Properties | undefined;
  return {
    service: functionSize(required(service, 'the function of the service')),
    provisioned: Number(provisioned?.ProvisionedConcurrentExecutions ?? 0),
    hasHttpApi: find('ApiGatewayV2::Api').length > 0,
    hasDistribution: find('CloudFront::Distribution').length > 0,
    firewalls: find('WAFv2::WebACL').map(
      ({ properties }) => (properties.Rules as unknown[] | undefined)?.length ?? 0,
    ),
    ...readJobs(find),
    lander: readLander(find),
    machines: find('StepFunctions::StateMachine').length,
    schedules: find('Scheduler::Schedule').length,
    hasInsights: find('ECS::Cluster').some(({ properties }) =>
      /"containerInsights","Value":"(enabled|enhanced)"/.test(JSON.stringify(properties)),
    ),
    fileSystems: find('EFS::FileSystem').length,
    natGateways: find('EC2::NatGateway').length,
    endpoints: find('EC2::VPCEndpoint')
      .filter(({ properties }) => properties.VpcEndpointType === 'Interface')
      .reduce((sum, { properties }) => sum + (properties.SubnetIds as unknown[]).length, 0),
    logDays: Math.max(
      ...find('Logs::LogGroup').map(({ properties }) => Number(properties.RetentionInDays)),
    ),
    alarmMetrics: find('CloudWatch::Alarm').reduce(
      (sum, { properties }) => sum + metricsIn(properties),
      0,
    ),
    dashboards: find('CloudWatch::Dashboard').length,
    metrics: ownMetrics(find, await probeMetrics()),
  };
}

type Find = (type: string, stack?: string) => readonly Found[];

function finder(templates: Templates): Find {
  const byType = new Map<string, Found[]>();
  for (const [stack, { Resources }] of Object.entries(templates))
    for (const [id, { Type, Properties = {} }] of Object.entries<Resource>(Resources)) {
      const type = Type.replace(/^AWS::/, '');
      if (!FREE.has(type) && !READ.has(type))
        throw new Error(
          `infra/cost/deployment.ts does not know what ${Type} costs: read it there, or list it ` +
            `among what is free (${id} of the stack ${stack})`,
        );
      byType.set(type, [...(byType.get(type) ?? []), { stack, id, properties: Properties }]);
    }
  return (type, stack) =>
    (byType.get(type) ?? []).filter((found) => stack === undefined || found.stack === stack);
}

/** A stack has one job; that of monitoring has the probe next to it. */
function readJobs(find: Find): Pick<Deployment, (typeof JOBS)[number]> {
  const functionOf = (stack: string, isProbe = false) =>
    find('Lambda::Function', stack).find(({ id }) => id.startsWith('Probe') === isProbe);
  const runs = (stack: string, isProbe = false) =>
    find('Scheduler::Schedule', stack)
      .filter(({ id }) => id.startsWith('Probe') === isProbe)
      .reduce(
        (sum, { properties }) => sum + runsPerMonth(String(properties.ScheduleExpression)),
        0,
      );
  const job = (stack: string): Job => {
    const [task] = find('ECS::TaskDefinition', stack);
    const [machine] = find('StepFunctions::StateMachine', stack);
    const isSpot = JSON.stringify(machine?.properties ?? '').includes('FARGATE_SPOT');
    const size =
      task === undefined
        ? functionSize(required(functionOf(stack), `what runs in the stack ${stack}`))
        : taskSize(task, isSpot);
    return { runsPerMonth: runs(stack), size };
  };
  const [batch] = find('StepFunctions::StateMachine', 'batch');
  const shards = /States\.ArrayRange\(1, (\d+), 1\)/.exec(JSON.stringify(batch?.properties ?? ''));
  return {
    features: job('features'),
    training: job('training'),
    monitoring: job('monitoring'),
    batch: batch === undefined ? null : { ...job('batch'), shards: Number(shards?.[1]) },
    probe: {
      runsPerMonth: runs('monitoring', true),
      size: functionSize(required(functionOf('monitoring', true), 'the probe')),
    },
  };
}

/** Where there is a service, it is the lander's. */
function readLander(find: Find): Deployment['lander'] {
  if (find('ECS::Service').length === 0) return null;
  const task = required(find('ECS::TaskDefinition', 'stream')[0], 'the task of the stream');
  const every = /"--every","(\d+)"/.exec(JSON.stringify(task.properties))?.[1];
  return {
    size: taskSize(task, false),
    everySeconds: Number(required(every, 'how often the stream is landed')),
  };
}

const JOBS = ['features', 'training', 'monitoring', 'batch', 'probe'] as const;

function functionSize({ properties }: Found): FunctionSize {
  const disk = properties.EphemeralStorage as { Size: number } | undefined;
  const tracing = properties.TracingConfig as { Mode: string } | undefined;
  return {
    kind: 'function',
    memoryGb: Number(properties.MemorySize) / 1024,
    diskGb: ((disk?.Size ?? FREE_LAMBDA_MB) - FREE_LAMBDA_MB) / 1024,
    isArm: JSON.stringify(properties.Architectures).includes('arm64'),
    isTraced: tracing?.Mode === 'Active',
  };
}

function taskSize({ properties }: Found, isSpot: boolean): TaskSize {
  const disk = properties.EphemeralStorage as { SizeInGiB: number } | undefined;
  return {
    kind: 'task',
    vcpu: Number(properties.Cpu) / 1024,
    memoryGb: Number(properties.Memory) / 1024,
    diskGb: (disk?.SizeInGiB ?? FREE_TASK_GB) - FREE_TASK_GB,
    isArm: JSON.stringify(properties.RuntimePlatform).includes('ARM64'),
    isSpot,
  };
}

const metricsIn = ({ Metrics }: Properties): number =>
  Metrics === undefined
    ? 1
    : (Metrics as { MetricStat?: unknown }[]).filter(({ MetricStat }) => MetricStat !== undefined)
        .length;

/** The probe says itself what it sends. */
async function probeMetrics(): Promise<string[]> {
  const { href } = new URL('../aws/probe/index.mjs', import.meta.url);
  const { metricsOf } = (await import(href)) as {
    metricsOf(status: number, body: string, latencyMs: number): Record<string, number>;
  };
  const everything = { status: 'ready', dataAgeSeconds: 1, rescuedSeries: 0 };
  return Object.keys(metricsOf(200, JSON.stringify(everything), 1));
}

/**
 * What alarms and the dashboard show besides is sent by monitoring's runs; or made of a log. Their
 * namespace is the project's title, which a fork has changed; those of AWS and of logs have a "/".
 */
function ownMetrics(find: Find, probe: readonly string[]): Deployment['metrics'] {
  const text = JSON.stringify([find('CloudWatch::Alarm'), find('CloudWatch::Dashboard')]);
  const inAlarms = text.matchAll(/"MetricName":"(\w+)","Namespace":"[^"/]+"/g);
  const inDashboard = text.matchAll(/\[\\"[^"/\\]+\\",\\"(\w+)\\"/g);
  const shown = new Set([...inAlarms, ...inDashboard].map(([, name]) => name as string));
  return {
    probe: probe.length,
    monitoring: [...shown].filter((name) => !probe.includes(name)).length,
    log: find('Logs::MetricFilter').length,
  };
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`infra/cost finds no ${what} in the templates`);
  return value;
}
