/**
 * Purpose: what a month of Headway uses, and the three sizes that `npm run cost` knows.
 * Invariants: a size is usage, never dollars; what is measured by a bench and what is assumed is
 * distinguished by a comment.
 * Fails: never.
 */

export interface Size {
  readonly title: string;
  readonly series: number;
  readonly horizon: number;
  readonly quantiles: number;
  readonly eventsPerDay: number;
  /** Forecasts are asked for by HTTP so often a month. */
  readonly requestsPerMonth: number;
  readonly responseKb: number;
  readonly serving: Serving;
  readonly features: Features;
  readonly training: Task;
  /**
   * Forecasts of all series into the log; null where the service computes them as it takes a model,
   * and that is enough.
   */
  readonly batch: Batch | null;
  readonly storedGb: number;
  /** Metrics that alarms watch: an alarm on an expression is paid for each metric in it. */
  readonly alarms: number;
  readonly customMetrics: number;
  /** Rules of a web ACL in front; 0: none. */
  readonly firewallRules: number;
  /** Hours a month that a person works at the managed alternative's screen. */
  readonly analystHours: number;
}

export type Serving =
  | {
      readonly kind: 'lambda';
      readonly memoryGb: number;
      readonly secondsPerRequest: number;
      readonly preparedEarly: number;
    }
  | {
      readonly kind: 'containers';
      readonly count: number;
      readonly vcpu: number;
      readonly memoryGb: number;
      readonly loadUnits: number;
    };

export type Features =
  | { readonly kind: 'duckdb'; readonly task: Task }
  /**
   * The portable statement reads each part twice (docs/decisions/0027); `bytesPerEvent`: of the
   * columns that it reads.
   */
  | {
      readonly kind: 'athena';
      readonly task: Task;
      readonly bytesPerEvent: number;
      readonly scansPerEvent: number;
    };

export interface Task {
  readonly runsPerMonth: number;
  readonly hoursPerRun: number;
  readonly vcpu: number;
  readonly memoryGb: number;
  readonly isSpot: boolean;
}

export interface Batch {
  readonly runsPerMonth: number;
  readonly shards: number;
  readonly memoryGb: number;
  /**
   * Series a second in one shard: `npm run bench:shards` measures it, `npm run bench:batch` for the
   * model alone.
   */
  readonly seriesPerSecond: number;
  /** Start of a shard: its image, the model, its part of the view. An assumption. */
  readonly startSeconds: number;
}

const nightly = (task: Omit<Task, 'isSpot' | 'runsPerMonth'>): Task => ({
  ...task,
  runsPerMonth: 30,
  isSpot: true,
});

export const SIZES = {
  portfolio: {
    title: 'portfolio: a city on one Lambda function',
    series: 263,
    horizon: 24,
    quantiles: 3,
    eventsPerDay: 25_000,
    requestsPerMonth: 50_000,
    responseKb: 4,
    serving: { kind: 'lambda', memoryGb: 1, secondsPerRequest: 0.02, preparedEarly: 0 },
    features: {
      kind: 'duckdb',
      task: { runsPerMonth: 30, hoursPerRun: 1 / 60, vcpu: 1, memoryGb: 2, isSpot: false },
    },
    training: { runsPerMonth: 4, hoursPerRun: 0.25, vcpu: 2, memoryGb: 4, isSpot: true },
    batch: null,
    storedGb: 2,
    // As dev has them: tests/integration/infra/stacks/operations.ts counts them in the templates.
    alarms: 19,
    customMetrics: 8,
    firewallRules: 0,
    analystHours: 4,
  },
  company: {
    title: 'company: a chain of shops, forecasts every hour',
    series: 20_000,
    horizon: 48,
    quantiles: 5,
    eventsPerDay: 5_000_000,
    requestsPerMonth: 20_000_000,
    responseKb: 4,
    serving: { kind: 'lambda', memoryGb: 3, secondsPerRequest: 0.02, preparedEarly: 2 },
    features: {
      kind: 'duckdb',
      task: { runsPerMonth: 720, hoursPerRun: 1 / 30, vcpu: 2, memoryGb: 8, isSpot: false },
    },
    training: nightly({ hoursPerRun: 1.5, vcpu: 4, memoryGb: 16 }),
    batch: { runsPerMonth: 720, shards: 4, memoryGb: 2, seriesPerSecond: 1000, startSeconds: 5 },
    storedGb: 300,
    alarms: 20,
    customMetrics: 60,
    firewallRules: 4,
    analystHours: 20,
  },
  city: {
    title: 'city of millions: a million series, half a billion events a day',
    series: 1_000_000,
    horizon: 24,
    quantiles: 3,
    eventsPerDay: 500_000_000,
    requestsPerMonth: 1_000_000_000,
    responseKb: 3,
    // One service for each of eight stores by region (docs/scaling.md: what one store holds): its
    // view twice, and two of it.
    serving: { kind: 'containers', count: 16, vcpu: 1, memoryGb: 8, loadUnits: 20 },
    features: {
      kind: 'athena',
      task: { runsPerMonth: 720, hoursPerRun: 1 / 6, vcpu: 4, memoryGb: 16, isSpot: false },
      bytesPerEvent: 12,
      scansPerEvent: 4,
    },
    training: nightly({ hoursPerRun: 8, vcpu: 16, memoryGb: 64 }),
    // Eight stores of 125,000 series, four shards each; every shard reads the whole view of its
    // store, 2.35 GB.
    batch: { runsPerMonth: 720, shards: 32, memoryGb: 6, seriesPerSecond: 1000, startSeconds: 35 },
    storedGb: 20_000,
    alarms: 60,
    customMetrics: 300,
    firewallRules: 8,
    analystHours: 80,
  },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof SIZES;
export const SIZE_NAMES = Object.keys(SIZES) as SizeName[];
