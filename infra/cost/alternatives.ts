/**
 * Purpose: what somebody would run instead of Headway, for the same series, events and requests, as
 * bills.
 * Invariants: as of infra/cost/bill.ts; what is common (responses leaving, logs, alarms, the store)
 * is counted as for Headway.
 * Fails: never.
 */

import { LOG_BYTES_PER_REQUEST } from './assumptions.ts';
import { type Bill, billOf, containerLines, dataOutLine, type Line, line, short } from './bill.ts';
import type { Deployment } from './deployment.ts';
import { HOURS_PER_MONTH } from './schedule.ts';
import type { Size } from './sizes.ts';

const DAYS = 30;
const MILLION = 1e6;
const GB = 1e9;
/** Data points of the managed service before its cheapest tier. */
const FORECAST_TIER = 50 * MILLION;
/**
 * How long the managed service's instance is busy with a million series. An assumption: AWS states
 * no figure.
 */
const MANAGED_HOURS_PER_MILLION = 40;

/** All environments of a size together. */
interface Whole {
  readonly size: Size;
  readonly deployment: Deployment;
  readonly series: number;
  readonly requests: number;
  /** Trainings of one environment. */
  readonly trainings: number;
}

export function alternatives(size: Size, deployment: Deployment): Bill[] {
  const { usage, environments } = size;
  const whole: Whole = {
    size,
    deployment,
    series: usage.series * environments,
    requests: usage.requestsPerMonth * environments,
    trainings: deployment.training.runsPerMonth,
  };
  // What needs several stores does not fit into one container.
  const one = environments === 1 ? [containerBill(whole)] : [];
  return [managedBill(whole), legacyBill(whole), ...one, pythonBill(whole)];
}

/**
 * SageMaker Canvas, which AWS names as the successor of Amazon Forecast; forecasts are served from
 * a table that somebody else pays.
 */
function managedBill({ size, series, trainings }: Whole): Bill {
  const hours = Math.max(1, (series / MILLION) * MANAGED_HOURS_PER_MILLION);
  return billOf('managed: SageMaker Canvas time series', [
    line('sessions', `${size.analystHours} hours at the screen`, [
      ['canvasSession', size.analystHours],
    ]),
    line(
      'training and predictions',
      `${trainings.toFixed(1)} runs × ${hours.toFixed(1)} h of ml.m5.12xlarge (assumed)`,
      [['sagemakerTraining', trainings * hours]],
    ),
    storageLine(size),
  ]);
}

/** Forecasts once a day at most: every hour, as Headway issues them, nobody would have paid for. */
function legacyBill({ size, deployment, series, trainings }: Whole): Bill {
  const { horizon, quantiles } = size.usage;
  const runs = Math.min(DAYS, deployment.batch?.runsPerMonth ?? trainings);
  const points = runs * series * horizon * quantiles;
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
 * does.
 */
function containerBill(whole: Whole): Bill {
  const { vcpu, memoryGb } = trainingSize(whole);
  return billOf('always-on container (Fargate) that does everything', [
    ...containerLines({ count: 1, vcpu, memoryGb, loadUnits: 1 }),
    storageLine(whole.size),
    ...commonLines(whole),
  ]);
}

/**
 * What a Python team would rent: Airflow for the schedule, training jobs, two real-time endpoints.
 */
function pythonBill(whole: Whole): Bill {
  const { size, trainings } = whole;
  const { containers, environments, usage } = size;
  const endpoints = containers === null ? 2 : environments * containers.count * containers.vcpu;
  const { vcpu } = trainingSize(whole);
  const hours = environments * trainings * (usage.trainingMinutes / 60);
  return billOf('hosted Python stack: MWAA, SageMaker training and endpoints', [
    line('Airflow', 'one small environment', [['airflowHour', HOURS_PER_MONTH]]),
    line('endpoints', `${endpoints} × ml.m5.large, always on`, [
      ['endpointHour', endpoints * HOURS_PER_MONTH],
    ]),
    line('training', `${hours.toFixed(1)} hours of ${vcpu} vCPU on ml.m5.xlarge, 4 vCPU each`, [
      ['trainingHour', (hours * vcpu) / 4],
    ]),
    storageLine(size),
    ...commonLines(whole),
  ]);
}

function trainingSize({ deployment }: Whole): { vcpu: number; memoryGb: number } {
  const { size } = deployment.training;
  return { vcpu: size.kind === 'task' ? size.vcpu : 1, memoryGb: size.memoryGb };
}

const storageLine = ({ usage, environments }: Size): Line =>
  line('S3', `${short(usage.storedGb * environments)} GB`, [
    ['s3Storage', usage.storedGb * environments],
  ]);

/** What every way of serving pays for: responses leaving, logs, eyes on it. */
function commonLines({ size, deployment, requests }: Whole): Line[] {
  const { alarmMetrics, metrics } = deployment;
  return [
    dataOutLine({ ...size.usage, requestsPerMonth: requests }),
    line('logs', `${short(requests)} lines`, [
      ['logIngest', (requests * LOG_BYTES_PER_REQUEST) / GB],
    ]),
    line('monitoring', `${alarmMetrics} metrics with alarms, a dashboard`, [
      ['alarm', alarmMetrics],
      ['customMetric', metrics.probe + metrics.monitoring + metrics.log],
      ['dashboard', 1],
    ]),
  ];
}
