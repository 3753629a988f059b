/**
 * Purpose: usage × list prices = a month's bill, of Headway on AWS and of what somebody would run
 * instead.
 * Invariants: a bill's total is the sum of its lines; more of any usage never costs less; every
 * line names the prices it is made of.
 * Fails: never.
 */
import { PRICES, type PriceName } from './prices.ts';
import type { Size, Task } from './sizes.ts';

const HOURS = 730;
const DAYS = 30;
const SECONDS = HOURS * 3600;
const MILLION = 1e6;
const GB = 1e9;
const TB = 1e12;
/** Data points of the managed service before its cheapest tier. */
const FORECAST_TIER = 50 * MILLION;
const LOG_BYTES_PER_REQUEST = 500;
/** Objects that a feature run writes and reads: data, manifest, view, report, marks. */
const WRITES_PER_RUN = 12;
const READS_PER_RUN = 60;
/**
 * A Standard child execution: its start, its one task, its end, and the map's own share: an
 * assumption on the high side.
 */
const TRANSITIONS_PER_SHARD = 4;
/**
 * How long the managed service's instance is busy with a million series. An assumption: AWS states
 * no figure.
 */
const MANAGED_HOURS_PER_MILLION = 40;

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

const line = (item: string, how: string, uses: readonly Use[], factor = 1): Line => ({
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

/** Headway as infra/ deploys it. */
export function headwayBill(size: Size): Bill {
  const { features, batch, firewallRules, training } = size;
  return billOf(`Headway on AWS, ${size.title}`, [
    ...servingLines(size),
    taskLine('feature runs', features.task),
    ...(features.kind === 'athena'
      ? [scanLine(size, features.bytesPerEvent * features.scansPerEvent)]
      : []),
    taskLine('training', training),
    ...(batch === null ? [] : batchLines(size, batch)),
    storageLine(size),
    ...commonLines(size),
    ...(firewallRules === 0 ? [] : [firewallLine(size)]),
  ]);
}

/** What somebody would run instead, for the same series, events and requests. */
export function alternatives(size: Size): Bill[] {
  // What needs a distributed engine does not fit into one container.
  const one = size.features.kind === 'duckdb' ? [containerBill(size)] : [];
  return [managedBill(size), legacyBill(size), ...one, pythonBill(size)];
}

function servingLines(size: Size): Line[] {
  const { serving, requestsPerMonth } = size;
  const millions = requestsPerMonth / MILLION;
  if (serving.kind === 'containers') {
    const { count, vcpu, memoryGb, loadUnits } = serving;
    return [
      line('inference containers', `${count} × ${vcpu} vCPU, ${memoryGb} GB, always on`, [
        ['fargateVcpu', count * vcpu * HOURS],
        ['fargateGb', count * memoryGb * HOURS],
        ['publicIpv4', count * HOURS],
      ]),
      line('load balancer', `${loadUnits} LCU`, [
        ['loadBalancerHour', HOURS],
        ['loadBalancerUnit', loadUnits * HOURS],
      ]),
    ];
  }
  const { memoryGb, secondsPerRequest, preparedEarly } = serving;
  const run = requestsPerMonth * secondsPerRequest * memoryGb;
  return [
    line(
      'inference functions',
      `${short(requestsPerMonth)} requests × ${secondsPerRequest * 1000} ms × ${memoryGb} GB`,
      [
        ['lambdaGbSecond', run],
        ['lambdaRequests', millions],
      ],
    ),
    ...(preparedEarly === 0
      ? []
      : [
          line('provisioned concurrency', `${preparedEarly} kept ready`, [
            ['lambdaProvisioned', preparedEarly * memoryGb * SECONDS],
          ]),
        ]),
    line('HTTP API', `${short(requestsPerMonth)} requests`, [
      ['httpApi', Math.min(millions, 300)],
      ['httpApiBeyond', Math.max(0, millions - 300)],
    ]),
  ];
}

function taskLine(item: string, { runsPerMonth, hoursPerRun, vcpu, memoryGb, isSpot }: Task): Line {
  const hours = runsPerMonth * hoursPerRun;
  const how =
    `${runsPerMonth} runs × ${Number((hoursPerRun * 60).toFixed(1))} min × ${vcpu} vCPU, ` +
    `${memoryGb} GB${isSpot ? ', Spot' : ''}`;
  const compute = line(
    item,
    how,
    [
      ['fargateVcpu', hours * vcpu],
      ['fargateGb', hours * memoryGb],
    ],
    isSpot ? PRICES.fargateSpotShare.dollars : 1,
  );
  const address = PRICES.publicIpv4.dollars * hours;
  return {
    ...compute,
    dollars: compute.dollars + address,
    prices: [...compute.prices, 'publicIpv4'],
  };
}

function scanLine({ eventsPerDay }: Size, bytesPerEvent: number): Line {
  const bytes = eventsPerDay * DAYS * bytesPerEvent;
  return line('Athena scans', `${(bytes / TB).toFixed(2)} TB read`, [['athenaScan', bytes / TB]]);
}

function batchLines(size: Size, batch: NonNullable<Size['batch']>): Line[] {
  const { runsPerMonth, shards, memoryGb, seriesPerSecond, startSeconds } = batch;
  const busy = runsPerMonth * (size.series / seriesPerSecond + shards * startSeconds);
  const workers = runsPerMonth * shards;
  return [
    line(
      'batch forecasts',
      `${runsPerMonth} runs × ${shards} shards, ${short(size.series)} series`,
      [
        ['lambdaGbSecond', busy * memoryGb],
        ['lambdaRequests', workers / MILLION],
      ],
    ),
    line('Distributed Map', `${short(workers)} shards`, [
      ['stepTransitions', (workers * TRANSITIONS_PER_SHARD) / 1000],
    ]),
  ];
}

function storageLine({ storedGb, features, batch }: Size): Line {
  const { runsPerMonth } = features.task;
  const objects = batch === null ? 0 : batch.runsPerMonth * batch.shards;
  return line('S3', `${short(storedGb)} GB`, [
    ['s3Storage', storedGb],
    ['s3Writes', (runsPerMonth * WRITES_PER_RUN + objects) / 1000],
    ['s3Reads', (runsPerMonth * READS_PER_RUN + objects * 2) / 1000],
  ]);
}

/** What every way of serving pays for: responses leaving, logs, eyes on it. */
function commonLines({
  requestsPerMonth,
  responseKb,
  alarms,
  customMetrics,
  features,
  training,
}: Size): Line[] {
  const responseGb = (requestsPerMonth * responseKb * 1000) / GB;
  const logged = (requestsPerMonth * LOG_BYTES_PER_REQUEST) / GB;
  return [
    line('data out', `${responseGb.toFixed(1)} GB of responses`, [['egress', responseGb]]),
    line('logs', `${logged.toFixed(1)} GB`, [['logIngest', logged]]),
    line(
      'monitoring',
      `${alarms} metrics with alarms, ${customMetrics} own metrics, a dashboard, schedules, images`,
      [
        ['alarm', alarms],
        ['customMetric', customMetrics],
        ['dashboard', 1],
        ['schedules', (features.task.runsPerMonth + training.runsPerMonth) / MILLION],
        ['imageStorage', 2],
      ],
    ),
  ];
}

const firewallLine = ({ firewallRules, requestsPerMonth }: Size): Line =>
  line('firewall', `${firewallRules} rules`, [
    ['webAcl', 1],
    ['webAclRule', firewallRules],
    ['webAclRequests', requestsPerMonth / MILLION],
  ]);

/**
 * SageMaker Canvas, which AWS names as the successor of Amazon Forecast; forecasts are served from
 * a table that somebody else pays.
 */
function managedBill(size: Size): Bill {
  const runs = size.training.runsPerMonth;
  const hours = Math.max(1, (size.series / MILLION) * MANAGED_HOURS_PER_MILLION);
  return billOf('managed: SageMaker Canvas time series', [
    line('sessions', `${size.analystHours} hours at the screen`, [
      ['canvasSession', size.analystHours],
    ]),
    line(
      'training and predictions',
      `${runs} runs × ${hours.toFixed(1)} h of ml.m5.12xlarge (assumed)`,
      [['sagemakerTraining', runs * hours]],
    ),
    storageLine(size),
  ]);
}

/** Forecasts once a day at most: every hour, as Headway issues them, nobody would have paid for. */
function legacyBill(size: Size): Bill {
  const runs = Math.min(DAYS, size.batch?.runsPerMonth ?? size.training.runsPerMonth);
  const points = runs * size.series * size.horizon * size.quantiles;
  return billOf('managed, closed to new customers: Amazon Forecast, issued once a day at most', [
    line('data points', `${short(points)} forecasts`, [
      ['forecastPoints', Math.min(points, FORECAST_TIER) / 1000],
      ['forecastPointsBeyond', Math.max(0, points - FORECAST_TIER) / 1000],
    ]),
    storageLine(size),
  ]);
}

/**
 * One machine in a container that never sleeps, features and training in it as `headway start`
 * does; two of them where it must not fail.
 */
function containerBill(size: Size): Bill {
  const { vcpu, memoryGb } = size.training;
  const count = size.firewallRules > 0 ? 2 : 1;
  return billOf('always-on container (Fargate) that does everything', [
    line('containers', `${count} × ${vcpu} vCPU, ${memoryGb} GB, always on`, [
      ['fargateVcpu', count * vcpu * HOURS],
      ['fargateGb', count * memoryGb * HOURS],
      ['publicIpv4', count * HOURS],
    ]),
    line('load balancer', '1 LCU', [
      ['loadBalancerHour', HOURS],
      ['loadBalancerUnit', HOURS],
    ]),
    storageLine(size),
    ...commonLines(size),
  ]);
}

/**
 * What a Python team would rent: Airflow for the schedule, training jobs, two real-time endpoints.
 */
function pythonBill(size: Size): Bill {
  const endpoints = size.serving.kind === 'containers' ? size.serving.count * size.serving.vcpu : 2;
  const { runsPerMonth, hoursPerRun, vcpu } = size.training;
  return billOf('hosted Python stack: MWAA, SageMaker training and endpoints', [
    line('Airflow', 'one small environment', [['airflowHour', HOURS]]),
    line('endpoints', `${endpoints} × ml.m5.large, always on`, [
      ['endpointHour', endpoints * HOURS],
    ]),
    line('training', `${runsPerMonth} runs on ml.m5.xlarge, 4 vCPU each`, [
      ['trainingHour', (runsPerMonth * hoursPerRun * vcpu) / 4],
    ]),
    storageLine(size),
    ...commonLines(size),
  ]);
}

const short = (n: number): string =>
  new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(n);
