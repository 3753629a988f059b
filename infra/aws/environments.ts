/**
 * Purpose: the two environments there are. This is the file to edit before a first deployment;
 * docs/deploy.md says which lines.
 * Invariants: every value is checked by infra/aws/configuration.ts before anything is made of it.
 * Fails: never by itself.
 */
import type { Configuration, EnvironmentName } from './configuration.ts';

const dev: Configuration = {
  environment: 'dev',
  account: null,
  region: null,
  domain: null,
  source: null,
  exogenous: null,
  architecture: 'arm64',
  logDays: 14,
  undeleteDays: 7,
  features: {
    schedule: 'rate(6 hours)',
    // The most that a new account may have.
    compute: { kind: 'lambda', memoryMb: 3008, storageMb: 4096 },
  },
  training: {
    schedule: 'cron(30 3 ? * SUN *)',
    compute: { kind: 'fargate', cpu: 2048, memoryMb: 4096, storageGb: 21, spot: true },
    timeoutHours: 4,
  },
  batch: null,
  stream: null,
  inference: {
    front: 'http-api',
    memoryMb: 1769,
    timeoutSeconds: 29,
    rollout: 'all-at-once',
    apiKeys: false,
    actuals: false,
    provisionedConcurrency: 0,
    maxConcurrency: null,
    // Without keys it is open to everybody: this is what it can cost at most.
    throttle: { ratePerSecond: 10, burst: 20 },
    firewallRequestsPerFiveMinutes: null,
  },
  monitoring: {
    schedule: 'rate(6 hours)',
    mail: null,
    staleAfterHours: null,
    latencyMs: 2000,
    monthlyBudgetUsd: 20,
    minSkill: 0,
    coverageTolerance: 0.1,
  },
  delivery: { repository: null, branch: 'main', createProvider: true },
};

const prod: Configuration = {
  ...dev,
  environment: 'prod',
  logDays: 90,
  undeleteDays: 30,
  features: {
    schedule: 'cron(5 * * * ? *)',
    compute: { kind: 'fargate', cpu: 1024, memoryMb: 2048, storageGb: 30, spot: true },
  },
  training: {
    schedule: 'cron(30 3 * * ? *)',
    compute: { kind: 'fargate', cpu: 4096, memoryMb: 8192, storageGb: 30, spot: true },
    timeoutHours: 8,
  },
  inference: {
    ...dev.inference,
    front: 'http-api',
    rollout: 'canary',
    throttle: { ratePerSecond: 500, burst: 1000 },
    apiKeys: true,
  },
  monitoring: {
    ...dev.monitoring,
    schedule: 'cron(20 * * * ? *)',
    latencyMs: 1000,
    monthlyBudgetUsd: 100,
  },
  // One account for both: the identity provider is the first environment's.
  delivery: { ...dev.delivery, createProvider: false },
};

export const environments: Readonly<Record<EnvironmentName, Configuration>> = { dev, prod };
