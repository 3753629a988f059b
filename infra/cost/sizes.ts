/**
 * Purpose: the sizes that `npm run cost` knows: what is deployed, as a configuration of infra/aws,
 * and what a month uses of it.
 * Invariants: `dev` and `prod` are the environments as they are; usage is never dollars; what is
 * measured by a bench and what is assumed is distinguished by a comment.
 * Fails: never.
 */
import type { Configuration } from '../aws/configuration.ts';
import { environments } from '../aws/environments.ts';

export interface Size {
  readonly title: string;
  readonly configuration: Configuration;
  /** So many environments like it: one store holds some 125,000 series (docs/scaling.md). */
  readonly environments: number;
  /** Where functions do not serve, but containers of infra/kubernetes. */
  readonly containers: Containers | null;
  /** Of one environment. */
  readonly usage: Usage;
  /** Hours a month that a person works at the managed alternative's screen. */
  readonly analystHours: number;
}

export interface Usage {
  readonly series: number;
  readonly horizon: number;
  readonly quantiles: number;
  readonly eventsPerDay: number;
  /** Forecasts are asked for by HTTP so often a month. */
  readonly requestsPerMonth: number;
  readonly secondsPerRequest: number;
  readonly responseKb: number;
  /** Of one run, the fetching of the image included. */
  readonly featuresMinutes: number;
  readonly trainingMinutes: number;
  readonly monitoringMinutes: number;
  readonly storedGb: number;
  readonly imagesGb: number;
}

export interface Containers {
  readonly count: number;
  readonly vcpu: number;
  readonly memoryGb: number;
  readonly loadUnits: number;
}

const { dev, prod } = environments;

/** A city of 263 series; the minutes are assumed, longer than measured on two cores. */
const city: Omit<Usage, 'requestsPerMonth'> = {
  series: 263,
  horizon: 24,
  quantiles: 3,
  eventsPerDay: 25_000,
  secondsPerRequest: 0.02,
  responseKb: 4,
  featuresMinutes: 1,
  trainingMinutes: 15,
  monitoringMinutes: 1,
  storedGb: 2,
  imagesGb: 2,
};

export const SIZES = {
  dev: {
    title: 'dev: a city on one function, as infra/aws/environments.ts has it',
    configuration: dev,
    environments: 1,
    containers: null,
    usage: { ...city, requestsPerMonth: 50_000 },
    analystHours: 4,
  },
  prod: {
    title: 'prod: the same city every hour, as infra/aws/environments.ts has it',
    configuration: prod,
    environments: 1,
    containers: null,
    usage: { ...city, requestsPerMonth: 1_000_000 },
    analystHours: 8,
  },
  company: {
    title: 'company: prod for a chain of shops, forecasts every hour',
    configuration: {
      ...prod,
      features: {
        ...prod.features,
        compute: { kind: 'fargate', cpu: 2048, memoryMb: 8192, storageGb: 40, spot: true },
      },
      training: {
        ...prod.training,
        compute: { kind: 'fargate', cpu: 4096, memoryMb: 16_384, storageGb: 40, spot: true },
      },
      batch: {
        schedule: 'cron(20 * * * ? *)',
        compute: { kind: 'lambda', memoryMb: 3008, storageMb: 2048 },
        shards: 4,
        maxAtOnce: 4,
      },
      inference: { ...prod.inference, memoryMb: 3008, provisionedConcurrency: 2 },
    },
    environments: 1,
    containers: null,
    usage: {
      ...{ series: 20_000, horizon: 48, quantiles: 5, eventsPerDay: 5_000_000 },
      ...{ requestsPerMonth: 20_000_000, secondsPerRequest: 0.02, responseKb: 4 },
      ...{ featuresMinutes: 2, trainingMinutes: 90, monitoringMinutes: 2 },
      ...{ storedGb: 300, imagesGb: 2 },
    },
    analystHours: 20,
  },
  city: {
    title: 'city of millions: a million series in eight environments like prod',
    configuration: {
      ...prod,
      features: {
        ...prod.features,
        compute: { kind: 'fargate', cpu: 4096, memoryMb: 16_384, storageGb: 200, spot: true },
      },
      training: {
        ...prod.training,
        compute: { kind: 'fargate', cpu: 8192, memoryMb: 32_768, storageGb: 100, spot: true },
      },
      batch: {
        schedule: 'cron(20 * * * ? *)',
        compute: { kind: 'lambda', memoryMb: 6144, storageMb: 4096 },
        shards: 4,
        maxAtOnce: 4,
      },
    },
    environments: 8,
    // A store's view twice in memory, and two containers of it.
    containers: { count: 2, vcpu: 1, memoryGb: 8, loadUnits: 2.5 },
    usage: {
      ...{ series: 125_000, horizon: 24, quantiles: 3, eventsPerDay: 62_500_000 },
      ...{ requestsPerMonth: 125_000_000, secondsPerRequest: 0.02, responseKb: 3 },
      ...{ featuresMinutes: 10, trainingMinutes: 120, monitoringMinutes: 5 },
      ...{ storedGb: 2500, imagesGb: 2 },
    },
    analystHours: 80,
  },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof SIZES;
export const SIZE_NAMES = Object.keys(SIZES) as SizeName[];
