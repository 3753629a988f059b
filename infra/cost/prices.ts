/**
 * Purpose: the one table of AWS list prices that `npm run cost` computes with: us-east-1, on
 * demand, US dollars, before tax.
 * Invariants: every price names its unit, the page it stands on and the month it was noted down;
 * free tiers, savings plans and private discounts are left out, so that a bill is an upper estimate
 * of the same usage. Nothing here was fetched: CHECK_FIRST is printed with every bill.
 * Fails: never.
 */

export const CHECK_FIRST =
  'List prices of us-east-1 as noted down in the month next to each, not fetched: check them ' +
  'on the page named before you rely on a total.';

export interface Price {
  /** US dollars for one `unit`. */
  readonly dollars: number;
  readonly unit: string;
  /** The page of AWS that states it. */
  readonly source: string;
  /** The month in which it was noted down, YYYY-MM. */
  readonly noted: string;
  /** What the price leaves out or where it varies. */
  readonly note?: string;
}

const page = (path: string): string => `https://aws.amazon.com/${path}/pricing/`;

export const PRICES = {
  lambdaGbSecond: {
    dollars: 0.0000133334,
    unit: 'GB-second, arm64',
    source: page('lambda'),
    noted: '2025-06',
  },
  lambdaGbSecondX86: {
    dollars: 0.0000166667,
    unit: 'GB-second, x86_64',
    source: page('lambda'),
    noted: '2025-06',
  },
  lambdaDisk: {
    dollars: 0.0000000309,
    unit: 'GB-second of /tmp beyond 512 MB',
    source: page('lambda'),
    noted: '2025-06',
  },
  lambdaRequests: {
    dollars: 0.2,
    unit: 'million requests',
    source: page('lambda'),
    noted: '2025-06',
  },
  lambdaProvisioned: {
    dollars: 0.0000033334,
    unit: 'GB-second kept ready, arm64',
    source: page('lambda'),
    noted: '2025-06',
  },
  fargateVcpu: {
    dollars: 0.03238,
    unit: 'vCPU-hour, Linux/ARM',
    source: page('fargate'),
    noted: '2025-06',
  },
  fargateGb: {
    dollars: 0.00356,
    unit: 'GB-hour, Linux/ARM',
    source: page('fargate'),
    noted: '2025-06',
  },
  fargateVcpuX86: {
    dollars: 0.04048,
    unit: 'vCPU-hour, Linux/x86',
    source: page('fargate'),
    noted: '2025-06',
  },
  fargateGbX86: {
    dollars: 0.004445,
    unit: 'GB-hour, Linux/x86',
    source: page('fargate'),
    noted: '2025-06',
  },
  fargateDisk: {
    dollars: 0.000111,
    unit: 'GB-hour of task storage beyond 20 GB',
    source: page('fargate'),
    noted: '2025-06',
  },
  fargateSpotShare: {
    dollars: 0.3,
    unit: 'dollar of the on-demand price',
    source: page('fargate'),
    noted: '2025-06',
    note: 'Spot is "up to 70 % off" and moves with demand; this is its floor.',
  },
  publicIpv4: { dollars: 0.005, unit: 'address-hour', source: page('vpc'), noted: '2025-06' },
  natHour: { dollars: 0.045, unit: 'hour of a NAT gateway', source: page('vpc'), noted: '2025-06' },
  endpointAzHour: {
    dollars: 0.01,
    unit: 'hour of an interface endpoint in one subnet',
    source: page('privatelink'),
    noted: '2025-06',
  },
  httpApi: {
    dollars: 1,
    unit: 'million requests, first 300 million',
    source: page('api-gateway'),
    noted: '2025-06',
  },
  httpApiBeyond: {
    dollars: 0.9,
    unit: 'million requests beyond 300 million',
    source: page('api-gateway'),
    noted: '2025-06',
  },
  loadBalancerHour: {
    dollars: 0.0225,
    unit: 'hour of an ALB',
    source: page('elasticloadbalancing'),
    noted: '2025-06',
  },
  loadBalancerUnit: {
    dollars: 0.008,
    unit: 'LCU-hour',
    source: page('elasticloadbalancing'),
    noted: '2025-06',
  },
  s3Storage: {
    dollars: 0.023,
    unit: 'GB-month, Standard, first 50 TB',
    source: page('s3'),
    noted: '2025-06',
  },
  s3Writes: { dollars: 0.005, unit: 'thousand PUT or LIST', source: page('s3'), noted: '2025-06' },
  s3Reads: { dollars: 0.0004, unit: 'thousand GET', source: page('s3'), noted: '2025-06' },
  workFolder: {
    dollars: 0.3,
    unit: 'GB-month in EFS, Standard, regional',
    source: page('efs'),
    noted: '2025-06',
  },
  workFolderReads: {
    dollars: 0.03,
    unit: 'GB read, elastic throughput',
    source: page('efs'),
    noted: '2025-06',
  },
  workFolderWrites: {
    dollars: 0.06,
    unit: 'GB written, elastic throughput',
    source: page('efs'),
    noted: '2025-06',
  },
  stepTransitions: {
    dollars: 0.025,
    unit: 'thousand state transitions, Standard',
    source: page('step-functions'),
    noted: '2025-06',
  },
  schedules: {
    dollars: 1,
    unit: 'million invocations',
    source: page('eventbridge'),
    noted: '2025-06',
  },
  egress: {
    dollars: 0.09,
    unit: 'GB to the internet, first 10 TB',
    source: `${page('ec2')}on-demand/`,
    noted: '2025-06',
  },
  logIngest: { dollars: 0.5, unit: 'GB of logs', source: page('cloudwatch'), noted: '2025-06' },
  logStorage: {
    dollars: 0.03,
    unit: 'GB-month of logs, compressed',
    source: page('cloudwatch'),
    noted: '2025-06',
    note: 'CloudWatch compresses to about 15 % of what came in.',
  },
  traces: {
    dollars: 5,
    unit: 'million traces recorded',
    source: page('xray'),
    noted: '2025-06',
  },
  alarm: { dollars: 0.1, unit: 'alarm-month', source: page('cloudwatch'), noted: '2025-06' },
  customMetric: {
    dollars: 0.3,
    unit: 'metric-month, first 10,000',
    source: page('cloudwatch'),
    noted: '2025-06',
  },
  dashboard: { dollars: 3, unit: 'dashboard-month', source: page('cloudwatch'), noted: '2025-06' },
  imageStorage: { dollars: 0.1, unit: 'GB-month in ECR', source: page('ecr'), noted: '2025-06' },
  webAcl: { dollars: 5, unit: 'web ACL-month', source: page('waf'), noted: '2025-06' },
  webAclRule: { dollars: 1, unit: 'rule-month', source: page('waf'), noted: '2025-06' },
  webAclRequests: {
    dollars: 0.6,
    unit: 'million requests inspected',
    source: page('waf'),
    noted: '2025-06',
  },
  cdnRequests: {
    dollars: 1,
    unit: 'million HTTPS requests',
    source: page('cloudfront'),
    noted: '2025-06',
  },
  canvasSession: {
    dollars: 1.9,
    unit: 'session-hour of SageMaker Canvas',
    source: page('sagemaker/canvas'),
    noted: '2025-06',
  },
  sagemakerTraining: {
    dollars: 2.765,
    unit: 'hour of ml.m5.12xlarge',
    source: page('sagemaker'),
    noted: '2025-06',
    note: 'Canvas bills what it starts; the instance and its hours are an assumption.',
  },
  forecastPoints: {
    dollars: 0.25,
    unit: 'thousand data points, up to 50 million',
    source: page('forecast'),
    noted: '2024-07',
    note:
      'Amazon Forecast is closed to new customers since July 2024: shown to compare with, ' +
      'not to be had. Its first million is dearer.',
  },
  forecastPointsBeyond: {
    dollars: 0.15,
    unit: 'thousand data points beyond 50 million',
    source: page('forecast'),
    noted: '2024-07',
  },
  endpointHour: {
    dollars: 0.115,
    unit: 'hour of an ml.m5.large endpoint',
    source: page('sagemaker'),
    noted: '2025-06',
  },
  trainingHour: {
    dollars: 0.23,
    unit: 'hour of ml.m5.xlarge training',
    source: page('sagemaker'),
    noted: '2025-06',
  },
  airflowHour: {
    dollars: 0.49,
    unit: 'hour of a small MWAA environment',
    source: page('managed-workflows-for-apache-airflow'),
    noted: '2025-06',
  },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof PRICES;
