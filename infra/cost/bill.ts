/**
 * Purpose: what is deployed × what is used × list prices = a month's bill of Headway on AWS, with a
 * line for each resource.
 * Invariants: a bill's total is the sum of its lines; more of any usage never costs less; every
 * line names the prices it is made of.
 * Fails: never; infra/cost/deployment.ts refuses what it cannot price.
 */

import {
  API_LOG_BYTES,
  CLUSTER_METRICS,
  COMPRESSED_LOG_SHARE,
  FAMILY_METRICS,
  INSIGHT_BYTES_PER_MINUTE,
  LOG_BYTES_PER_LANDING,
  LOG_BYTES_PER_REQUEST,
  LOG_BYTES_PER_RUN,
  PROBE_LOG_BYTES,
  PROBE_SECONDS,
  REFRESH,
  type RequestCount,
  RUN_REQUESTS,
  SERIES_PER_SECOND,
  SHARD_START_SECONDS,
  TRACED_BEYOND,
  TRANSITIONS_PER_RUN,
  WORK_FOLDER,
} from './assumptions.ts';
import type { Deployment, FunctionSize, Job } from './deployment.ts';
import { PRICES, type PriceName } from './prices.ts';
import { HOURS_PER_MONTH } from './schedule.ts';
import type { Containers, Size, Usage } from './sizes.ts';

const SECONDS = HOURS_PER_MONTH * 3600;
const MINUTES = HOURS_PER_MONTH * 60;
const MILLION = 1e6;
const GB = 1e9;

export interface Line {
  readonly item: string;
  readonly dollars: number;
  /** How it came about, for people. */
  readonly how: string;
  readonly prices: readonly PriceName[];
}

export interface Bill {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly total: number;
  /** The line that costs most, and its share of the total, 0–1. */
  readonly dominant: { readonly item: string; readonly share: number };
}

type Use = readonly [price: PriceName, units: number];

export const line = (item: string, how: string, uses: readonly Use[], factor = 1): Line => ({
  item,
  how,
  dollars: factor * uses.reduce((sum, [price, units]) => sum + PRICES[price].dollars * units, 0),
  prices: uses.map(([price]) => price),
});

export function billOf(title: string, lines: readonly Line[]): Bill {
  const total = lines.reduce((sum, { dollars }) => sum + dollars, 0);
  const most = lines.reduce((a, b) => (b.dollars > a.dollars ? b : a));
  return {
    title,
    lines,
    total,
    dominant: { item: most.item, share: total > 0 ? most.dollars / total : 0 },
  };
}

/** @param deployment of `size.configuration`, read from its templates */
export function headwayBill(size: Size, deployment: Deployment): Bill {
  const { usage, environments, containers } = size;
  const lines = [
    ...servingLines(deployment, usage, containers),
    ...jobLines(deployment, usage),
    ...storageLines(deployment, usage, containers),
    ...watchingLines(deployment, usage, containers),
    ...networkLines(deployment),
    dataOutLine(usage),
  ].filter(({ dollars }) => dollars > 0);
  const all = lines.map((one) => ({ ...one, dollars: one.dollars * environments }));
  return billOf(`Headway on AWS, ${size.title}`, all);
}

/** Requests to the function: all, or the probe's alone where containers serve. */
const asked = ({ probe }: Deployment, usage: Usage, containers: Containers | null): number =>
  probe.runsPerMonth + (containers === null ? usage.requestsPerMonth : 0);

function servingLines(deployment: Deployment, usage: Usage, containers: Containers | null): Line[] {
  const { service, provisioned, hasHttpApi, hasDistribution, firewalls } = deployment;
  const requests = asked(deployment, usage, containers);
  const millions = requests / MILLION;
  const { secondsPerRequest } = usage;
  const front = hasHttpApi
    ? [
        line('HTTP API', `${short(requests)} requests`, [
          ['httpApi', Math.min(millions, 300)],
          ['httpApiBeyond', Math.max(0, millions - 300)],
        ]),
      ]
    : [];
  return [
    line(
      'inference function',
      `${short(requests)} requests, the probe’s included, × ${secondsPerRequest * 1000} ms × ` +
        `${service.memoryGb.toFixed(2)} GB`,
      functionUses(service, requests, secondsPerRequest),
    ),
    line('provisioned concurrency', `${provisioned} kept ready`, [
      ['lambdaProvisioned', provisioned * service.memoryGb * SECONDS],
    ]),
    ...front,
    ...(containers === null ? [] : containerLines(containers)),
    line('CloudFront', `${short(requests)} requests`, [
      ['cdnRequests', hasDistribution ? millions : 0],
    ]),
    line('firewall', `${firewalls.reduce((a, b) => a + b, 0)} rules`, [
      ['webAcl', firewalls.length],
      ['webAclRule', firewalls.reduce((a, b) => a + b, 0)],
      ['webAclRequests', firewalls.length * millions],
    ]),
  ];
}

/** At Fargate's price; infra/kubernetes has them, and the templates do not. */
export const containerLines = ({ count, vcpu, memoryGb, loadUnits }: Containers): Line[] => [
  line('serving containers', `${count} × ${vcpu} vCPU, ${memoryGb} GB, always on`, [
    ['fargateVcpu', count * vcpu * HOURS_PER_MONTH],
    ['fargateGb', count * memoryGb * HOURS_PER_MONTH],
    ['publicIpv4', count * HOURS_PER_MONTH],
  ]),
  line('load balancer', `${loadUnits} LCU`, [
    ['loadBalancerHour', HOURS_PER_MONTH],
    ['loadBalancerUnit', loadUnits * HOURS_PER_MONTH],
  ]),
];

function functionUses(size: FunctionSize, runs: number, seconds: number): Use[] {
  return [
    [size.isArm ? 'lambdaGbSecond' : 'lambdaGbSecondX86', runs * seconds * size.memoryGb],
    ['lambdaDisk', runs * seconds * size.diskGb],
    ['lambdaRequests', runs / MILLION],
  ];
}

function jobLines(deployment: Deployment, usage: Usage): Line[] {
  const { features, training, monitoring, batch, lander, probe, machines, schedules } = deployment;
  const { featuresMinutes, trainingMinutes, monitoringMinutes, series } = usage;
  const machineRuns = taskRuns(deployment);
  const shardRuns = batch === null ? 0 : batch.runsPerMonth * batch.shards;
  const started = [features, training, monitoring, ...(batch === null ? [] : [batch]), probe];
  return [
    jobLine('features', features, featuresMinutes),
    jobLine('training', training, trainingMinutes),
    jobLine('monitoring', monitoring, monitoringMinutes),
    ...(batch === null
      ? []
      : [
          jobLine(
            'batch forecasts',
            { ...batch, runsPerMonth: shardRuns },
            (series / SERIES_PER_SECOND / batch.shards + SHARD_START_SECONDS) / 60,
          ),
        ]),
    ...(lander === null
      ? []
      : [jobLine('stream lander', { runsPerMonth: 1, size: lander.size }, MINUTES)]),
    jobLine('probe', probe, PROBE_SECONDS / 60),
    line('state machines', `${machines}, ${short(machineRuns + shardRuns)} executions`, [
      [
        'stepTransitions',
        (machineRuns * TRANSITIONS_PER_RUN.task + shardRuns * TRANSITIONS_PER_RUN.shard) / 1000,
      ],
    ]),
    line('schedules', `${schedules}`, [
      ['schedules', started.reduce((sum, { runsPerMonth }) => sum + runsPerMonth, 0) / MILLION],
    ]),
  ];
}

/** At most: where nothing is new, nothing is written. */
const landings = ({ lander }: Deployment): number =>
  lander === null ? 0 : SECONDS / lander.everySeconds;

/** Executions of state machines that run a container. */
const taskRuns = ({ features, training, monitoring }: Deployment): number =>
  [features, training, monitoring]
    .filter(({ size }) => size.kind === 'task')
    .reduce((sum, { runsPerMonth }) => sum + runsPerMonth, 0);

function jobLine(item: string, { runsPerMonth, size }: Job, minutes: number): Line {
  const runs = `${Number(runsPerMonth.toFixed(1))} runs × ${Number((minutes * 60).toFixed(1))} s`;
  if (size.kind === 'function')
    return line(
      item,
      `${runs} × ${size.memoryGb.toFixed(2)} GB`,
      functionUses(size, runsPerMonth, minutes * 60),
    );
  const hours = (runsPerMonth * minutes) / 60;
  const compute = line(
    item,
    `${runs} × ${size.vcpu} vCPU, ${size.memoryGb} GB${size.isSpot ? ', Spot' : ''}, with address`,
    [
      [size.isArm ? 'fargateVcpu' : 'fargateVcpuX86', hours * size.vcpu],
      [size.isArm ? 'fargateGb' : 'fargateGbX86', hours * size.memoryGb],
    ],
    size.isSpot ? PRICES.fargateSpotShare.dollars : 1,
  );
  const rest = line(item, '', [
    ['fargateDisk', hours * size.diskGb],
    ['publicIpv4', hours],
  ]);
  return {
    ...compute,
    dollars: compute.dollars + rest.dollars,
    prices: [
      ...compute.prices,
      ...rest.prices,
      ...(size.isSpot ? (['fargateSpotShare'] as const) : []),
    ],
  };
}

/** Requests to the store in a month, of all that read and write it. */
function storeRequests(
  deployment: Deployment,
  usage: Usage,
  containers: Containers | null,
): RequestCount {
  const { features, training, monitoring, batch } = deployment;
  const shards = batch === null ? 0 : batch.runsPerMonth * batch.shards;
  // A function looks at most once a minute, and when it is asked; a container looks by itself.
  const looks =
    containers === null
      ? Math.min(asked(deployment, usage, containers), MINUTES)
      : (containers.count * SECONDS) / REFRESH.containerSeconds;
  const counts: [RequestCount, number][] = [
    [RUN_REQUESTS.features, features.runsPerMonth],
    [RUN_REQUESTS.training, training.runsPerMonth],
    [RUN_REQUESTS.monitoring, monitoring.runsPerMonth],
    [RUN_REQUESTS.shard, shards],
    [RUN_REQUESTS.landing, landings(deployment)],
    [REFRESH.requests, looks],
  ];
  return {
    writes: counts.reduce((sum, [{ writes }, times]) => sum + writes * times, 0),
    reads: counts.reduce((sum, [{ reads }, times]) => sum + reads * times, 0),
  };
}

function storageLines(deployment: Deployment, usage: Usage, containers: Containers | null): Line[] {
  const { writes, reads } = storeRequests(deployment, usage, containers);
  const { storedGb, imagesGb } = usage;
  const { training, fileSystems } = deployment;
  return [
    line(
      'store (S3)',
      `${short(storedGb)} GB, ${short(writes)} writes and lists, ${short(reads)} reads`,
      [
        ['s3Storage', storedGb],
        ['s3Writes', writes / 1000],
        ['s3Reads', reads / 1000],
      ],
    ),
    line('work folder (EFS)', `${WORK_FOLDER.storedGb} GB`, [
      ['workFolder', fileSystems * WORK_FOLDER.storedGb],
      ['workFolderReads', fileSystems * training.runsPerMonth * WORK_FOLDER.readGb],
      ['workFolderWrites', fileSystems * training.runsPerMonth * WORK_FOLDER.writtenGb],
    ]),
    line('images (ECR)', `${imagesGb} GB`, [['imageStorage', imagesGb]]),
  ];
}

function watchingLines(
  deployment: Deployment,
  usage: Usage,
  containers: Containers | null,
): Line[] {
  const { alarmMetrics, dashboards, metrics, logDays } = deployment;
  const logged = logBytes(deployment, usage, containers) / GB;
  const traces = tracesOf(deployment, usage, containers);
  const hourly = Math.min(1, deployment.monitoring.runsPerMonth / HOURS_PER_MONTH);
  return [
    line('logs', `${logged.toFixed(2)} GB, kept ${logDays} days`, [
      ['logIngest', logged],
      ['logStorage', logged * COMPRESSED_LOG_SHARE * (logDays / 30)],
    ]),
    line('alarms', `${alarmMetrics} metrics with alarms`, [['alarm', alarmMetrics]]),
    line(
      'metrics',
      `${metrics.probe} of the probe, ${metrics.monitoring} of monitoring, ${metrics.log} of a log`,
      [['customMetric', metrics.probe + metrics.log + metrics.monitoring * hourly]],
    ),
    insightsLine(deployment),
    line('traces (X-Ray)', short(traces), [['traces', traces / MILLION]]),
    line('dashboard', `${dashboards}`, [['dashboard', dashboards]]),
  ];
}

/** A metric is paid for the hours in which it came. */
function insightsLine({ hasInsights, features, training, monitoring, lander }: Deployment): Line {
  const jobs = [features, training, monitoring]
    .filter(({ size }) => size.kind === 'task')
    .reduce((sum, { runsPerMonth }) => sum + Math.min(1, runsPerMonth / HOURS_PER_MONTH), 0);
  const families = jobs + (lander === null ? 0 : 1);
  const metrics = CLUSTER_METRICS + FAMILY_METRICS * families;
  return line('Container Insights', `${metrics.toFixed(1)} metrics`, [
    ['customMetric', hasInsights ? metrics : 0],
  ]);
}

function logBytes(deployment: Deployment, usage: Usage, containers: Containers | null): number {
  const { features, training, monitoring, batch, probe, hasHttpApi, hasInsights } = deployment;
  const requests = asked(deployment, usage, containers);
  const elsewhere = containers === null ? 0 : usage.requestsPerMonth;
  const shards = batch === null ? 0 : batch.runsPerMonth * batch.shards;
  return (
    (requests + elsewhere) * LOG_BYTES_PER_REQUEST +
    (hasHttpApi ? requests * API_LOG_BYTES : 0) +
    probe.runsPerMonth * PROBE_LOG_BYTES +
    (features.runsPerMonth + training.runsPerMonth + monitoring.runsPerMonth + shards) *
      LOG_BYTES_PER_RUN +
    landings(deployment) * LOG_BYTES_PER_LANDING +
    (hasInsights ? MINUTES * INSIGHT_BYTES_PER_MINUTE : 0)
  );
}

/** Lambda and Step Functions record one a second, and a share of what is beyond. */
function tracesOf(deployment: Deployment, usage: Usage, containers: Containers | null): number {
  const recorded = (runs: number) =>
    Math.min(runs, SECONDS) + TRACED_BEYOND * Math.max(0, runs - SECONDS);
  const { service, features, batch } = deployment;
  const shards = batch === null ? 0 : batch.runsPerMonth * batch.shards;
  const isFunction = features.size.kind === 'function';
  return (
    (service.isTraced ? recorded(asked(deployment, usage, containers)) : 0) +
    recorded(taskRuns(deployment) + shards + (isFunction ? features.runsPerMonth : 0))
  );
}

const networkLines = ({ natGateways, endpoints }: Deployment): Line[] => [
  line('NAT gateways and endpoints', `${natGateways} and ${endpoints}`, [
    ['natHour', natGateways * HOURS_PER_MONTH],
    ['endpointAzHour', endpoints * HOURS_PER_MONTH],
  ]),
];

export function dataOutLine({ requestsPerMonth, responseKb }: Usage): Line {
  const responseGb = (requestsPerMonth * responseKb * 1000) / GB;
  return line('data out', `${responseGb.toFixed(1)} GB of responses`, [['egress', responseGb]]);
}

export const short = (n: number): string =>
  new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(n);
