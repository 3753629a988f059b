/**
 * Purpose: what may differ between two deployments, as types, and the check of it before anything
 * is synthesised.
 * Invariants: a configuration that passes can be deployed as far as this program can know; values
 * are data, never code; nothing here names an account unless somebody wrote one.
 * Fails: ConfigurationError, which lists every value that is wrong, what it is, and what is
 * allowed.
 */

export const ENVIRONMENTS = ['dev', 'prod'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** A container on Fargate. CPU in units of 1/1024 of a core; memory in MiB; storage in GiB. */
export interface ContainerSize {
  readonly cpu: 256 | 512 | 1024 | 2048 | 4096 | 8192;
  readonly memoryMb: number;
  /** Of the task's own disk: 21 to 200. */
  readonly storageGb: number;
}

export interface FargateSize extends ContainerSize {
  readonly kind: 'fargate';
  /**
   * Spare capacity at about a third of the price. Where it is taken away, the run goes on at the
   * full price.
   */
  readonly spot: boolean;
}

/** The same image in a function: nothing to pay between runs, but at most 15 minutes and 10 GB. */
export interface LambdaSize {
  readonly kind: 'lambda';
  /** 128 to 10240 MiB; a whole core from 1769 on. */
  readonly memoryMb: number;
  /** Of /tmp: 512 to 10240 MiB. Raw files pass through it. */
  readonly storageMb: number;
}

/** A Distributed Map over the shards of all series. */
export interface Batch {
  /**
   * As features.schedule; some time after it, because a batch forecasts from the newest snapshot.
   */
  readonly schedule: string | null;
  /** Of each worker: it reads its own ranges of the view, one after another. */
  readonly compute: LambdaSize;
  /** Runs of the series: at most 1000. */
  readonly shards: number;
  /** Workers at once. */
  readonly maxAtOnce: number;
}

/** A topic of a Kafka cluster that exists, landed by one container (docs/streaming.md). */
export interface Stream {
  readonly topic: string;
  /**
   * As HEADWAY_BROKERS, over TLS: kafkas://[USER@]HOST:PORT,HOST:PORT, the cluster's bootstrap
   * brokers. Their ports are all that the container reaches besides HTTPS.
   */
  readonly brokers: string;
  /** How the user of `brokers` signs in; null where none is named. */
  readonly signIn: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    /** In Secrets Manager: its complete ARN, of JSON with a field `password`, as MSK's secrets. */
    readonly secretArn: string;
    /** Of the key that encrypts it, where that is one of yours, as MSK asks for; else null. */
    readonly keyArn: string | null;
  } | null;
  /** Where the brokers have no address outside their network: that network; null: Headway's own. */
  readonly network: {
    readonly vpcId: string;
    readonly subnetIds: readonly string[];
    /** The brokers' security group. It gets a rule that lets the container in. */
    readonly brokersGroupId: string;
    /** Where the subnets have no NAT gateway, and a route to the internet. */
    readonly hasPublicAddress: boolean;
  } | null;
  readonly compute: ContainerSize;
  /** Seconds between two entries of the stream log: each costs requests to the store. */
  readonly everySeconds: number;
  /** Minutes without an entry from which an alarm goes off: more than the topic's longest pause. */
  readonly silentAfterMinutes: number;
}

export interface Configuration {
  readonly environment: EnvironmentName;
  /** 12 digits; null: the account of whoever deploys. */
  readonly account: string | null;
  /** e.g. eu-central-1; null: the region of whoever deploys. */
  readonly region: string | null;
  /**
   * A folder of domains/; null: the application's own default, and roles that may read any domain's
   * part of the store.
   */
  readonly domain: string | null;
  /** As HEADWAY_SOURCE and HEADWAY_EXOGENOUS; null: the domain's own. */
  readonly source: string | null;
  readonly exogenous: string | null;
  /** Of images and functions: the same for all. arm64 costs a fifth less. */
  readonly architecture: 'arm64' | 'x86_64';
  /** Days that logs are kept: one of CloudWatch's numbers. */
  readonly logDays: number;
  /** Days that what was overwritten or deleted in the store can be brought back. */
  readonly undeleteDays: number;
  readonly features: {
    /** EventBridge's cron or rate, in UTC; null: never by itself. */
    readonly schedule: string | null;
    readonly compute: LambdaSize | FargateSize;
  };
  readonly training: {
    readonly schedule: string | null;
    readonly compute: FargateSize;
    /** A run that takes longer is stopped and counts as failed. */
    readonly timeoutHours: number;
  };
  /**
   * Forecasts of all series by many workers at once; null: they follow each feature run, in one
   * process (docs/scaling.md says up to when).
   */
  readonly batch: Batch | null;
  /**
   * Lands a topic all the time; `source` is then `stream:TOPIC`, with its options. null: no stream.
   */
  readonly stream: Stream | null;
  readonly inference: {
    readonly front: 'http-api' | 'function-url';
    readonly memoryMb: number;
    /** How long a request may take, seconds: at most 29 behind an HTTP API. */
    readonly timeoutSeconds: number;
    /** How a new version takes over; both roll back when it fails. */
    readonly rollout: 'all-at-once' | 'canary' | 'linear';
    /**
     * Whether only callers with a key are served. The keys' hashes are in the store, where `headway
     * keys publish` writes them.
     */
    readonly apiKeys: boolean;
    /**
     * Whether clients may post what happened (HEADWAY_ACTUALS); the service then writes to the
     * store.
     */
    readonly actuals: boolean;
    /** Instances that are always warm, and always paid for; 0: none. */
    readonly provisionedConcurrency: number;
    /** Instances at most, so that no visitor can run up a bill; null: the account's limit. */
    readonly maxConcurrency: number | null;
    /**
     * Requests per second and at once, over all clients. An HTTP API holds to it and needs it; a
     * function URL has no such limit: null there.
     */
    readonly throttle: { readonly ratePerSecond: number; readonly burst: number } | null;
    /**
     * Requests that one address may make in five minutes before AWS WAF turns it away; null: no WAF
     * (about 6 USD a month less). WAF stands in CloudFront, which makes its firewalls in us-east-1
     * and can shut the way around itself for a function URL alone.
     */
    readonly firewallRequestsPerFiveMinutes: number | null;
  };
  readonly monitoring: {
    /**
     * When forecasts are scored, drift is judged and the policy decides, on a machine of the size
     * of training's, because the policy may train; null: never by itself.
     */
    readonly schedule: string | null;
    /** Who gets an email; null: alarms are shown and nobody is notified. */
    readonly mail: string | null;
    /**
     * Age of the last observed interval from which data counts as late; null: not watched (a source
     * that publishes by the month).
     */
    readonly staleAfterHours: number | null;
    /** 99 of 100 requests complete within this time. */
    readonly latencyMs: number;
    /**
     * Of the whole account, not of Headway alone: AWS can separate them only where
     * cost-allocation tags are switched on.
     */
    readonly monthlyBudgetUsd: number;
    /**
     * Below it a model is no longer worth it; watched as soon as something measures it. 0: as good
     * as the best naive forecast.
     */
    readonly minSkill: number;
    /** How far the share of actuals inside the interval may be off its level, 0 to 1. */
    readonly coverageTolerance: number;
  };
  readonly delivery: {
    /**
     * OWNER/NAME on GitHub, or OWNER@ID/NAME@ID for one that was made, renamed or moved after 15
     * July 2026: as its tokens name it in their subject (docs/deploy.md); null: no role for it.
     */
    readonly repository: string | null;
    readonly branch: string;
    /**
     * An account has GitHub's identity provider once: false where it is there already. Destroying
     * an environment leaves it, because another may use it.
     */
    readonly createProvider: boolean;
  };
}

export class ConfigurationError extends Error {
  readonly problems: readonly string[];
  constructor(environment: string, problems: readonly string[]) {
    super(
      `The configuration of ${environment} cannot be deployed ` +
        `(infra/aws/environments.ts):\n- ${problems.join('\n- ')}`,
    );
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

const LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731];
/** CPU units → minimum and maximum memory in GiB, and the step between. */
const FARGATE_MEMORY: Readonly<
  Record<FargateSize['cpu'], readonly [min: number, max: number, step: number]>
> = {
  256: [0.5, 2, 0.5],
  512: [1, 4, 1],
  1024: [2, 8, 1],
  2048: [4, 16, 1],
  4096: [8, 30, 1],
  8192: [16, 60, 4],
};

/** Checks of one kind of value each; what is wrong is added to `problems`. */
class Checks {
  readonly problems: string[] = [];

  need(isRight: boolean, path: string, value: unknown, allowed: string): void {
    if (!isRight) this.problems.push(`${path} is ${JSON.stringify(value)}; it must be ${allowed}`);
  }

  between(path: string, value: number, min: number, max: number, unit = ''): void {
    const isRight = Number.isInteger(value) && value >= min && value <= max;
    this.need(isRight, path, value, `a whole number from ${min} to ${max}${unit}`);
  }

  matches(path: string, value: string | null, pattern: RegExp, allowed: string): void {
    this.need(value === null || pattern.test(value), path, value, `${allowed}, or null`);
  }

  schedule(path: string, value: string | null): void {
    const pattern = /^(cron\((\S+ ){5}\S+\)|rate\([1-9]\d* (minute|hour|day)s?\))$/;
    const allowed = 'cron(minute hour day month weekday year) or rate(N hours)';
    this.matches(path, value, pattern, allowed);
  }

  fargate(path: string, { cpu, memoryMb, storageGb }: ContainerSize): void {
    const range = FARGATE_MEMORY[cpu];
    if (range === undefined) {
      this.need(false, `${path}.cpu`, cpu, Object.keys(FARGATE_MEMORY).join(', '));
      return;
    }
    const [min, max, step] = range;
    const gib = memoryMb / 1024;
    this.need(
      gib >= min && gib <= max && Number.isInteger(gib / step),
      `${path}.memoryMb`,
      memoryMb,
      `from ${min * 1024} to ${max * 1024} in steps of ${step * 1024} with ${cpu} CPU units`,
    );
    this.between(`${path}.storageGb`, storageGb, 21, 200, ' GiB');
  }

  lambda(path: string, { memoryMb, storageMb }: LambdaSize): void {
    const unit = ' MiB (DuckDB alone may use 512)';
    this.between(`${path}.memoryMb`, memoryMb, 1024, 10_240, unit);
    this.between(`${path}.storageMb`, storageMb, 512, 10_240, ' MiB');
  }
}

/**
 * Every problem of a configuration, as a sentence that begins with the value's path; none when it
 * is valid.
 */
export function configurationProblems(configuration: Configuration): string[] {
  const checks = new Checks();
  checkPlace(checks, configuration);
  checkJobs(checks, configuration);
  if (configuration.stream !== null) checkStream(checks, configuration.stream);
  checkInference(checks, configuration);
  checkMonitoring(checks, configuration);
  checkDelivery(checks, configuration);
  return checks.problems;
}

function checkPlace(checks: Checks, configuration: Configuration): void {
  const { environment, account, region, domain, logDays, undeleteDays } = configuration;
  const environments = ENVIRONMENTS.join(' or ');
  checks.need(ENVIRONMENTS.includes(environment), 'environment', environment, environments);
  checks.matches('account', account, /^\d{12}$/, '12 digits');
  checks.matches('region', region, /^[a-z]{2}(-[a-z]+)+-\d$/, 'a region like eu-central-1');
  const isBoth = (account === null) === (region === null);
  checks.need(isBoth, 'account and region', [account, region], 'both given or both null');
  const folder = 'the name of a folder in domains/';
  checks.matches('domain', domain, /^[a-z][a-z0-9-]{0,31}$/, folder);
  checks.need(LOG_DAYS.includes(logDays), 'logDays', logDays, `one of ${LOG_DAYS.join(', ')}`);
  checks.between('undeleteDays', undeleteDays, 1, 365, ' days');
}

function checkJobs(checks: Checks, configuration: Configuration): void {
  const { features, training, batch, monitoring } = configuration;
  checks.schedule('features.schedule', features.schedule);
  checks.schedule('training.schedule', training.schedule);
  checks.schedule('monitoring.schedule', monitoring.schedule);
  checks.schedule('batch.schedule', batch?.schedule ?? null);
  if (features.compute.kind === 'fargate') checks.fargate('features.compute', features.compute);
  else checks.lambda('features.compute', features.compute);
  if (batch !== null) {
    checks.lambda('batch.compute', batch.compute);
    checks.between('batch.shards', batch.shards, 1, 1000);
    checks.between('batch.maxAtOnce', batch.maxAtOnce, 1, 1000);
  }
  checks.fargate('training.compute', training.compute);
  checks.between('training.timeoutHours', training.timeoutHours, 1, 48, ' hours');
}

/** USER, and hosts with their ports; the application's own parser is stricter in nothing. */
const BROKERS =
  /^kafkas:\/\/(?:([^@:/\s]+)@)?([A-Za-z0-9.-]+:\d{1,5}(?:,[A-Za-z0-9.-]+:\d{1,5})*)$/;

/** The ports of a stream's brokers, each once. */
export const brokerPorts = ({ brokers }: Stream): number[] => [
  ...new Set(
    (BROKERS.exec(brokers)?.[2] ?? '').split(',').map((host) => Number(host.split(':')[1])),
  ),
];

function checkStream(checks: Checks, stream: Stream): void {
  const { topic, brokers, signIn, network, compute, everySeconds, silentAfterMinutes } = stream;
  const isTopic = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(topic) && !topic.includes('..');
  checks.need(isTopic, 'stream.topic', topic, 'a topic of letters, digits, dot, dash, underscore');
  const [address, user] = BROKERS.exec(brokers) ?? [];
  const form = 'kafkas://HOST:PORT,HOST:PORT, with USER@ before the hosts where they ask for one';
  checks.need(address !== undefined, 'stream.brokers', brokers, form);
  const isSignIn = address === undefined || (user === undefined) === (signIn === null);
  const asked = 'given where stream.brokers names a user, and null where it names none';
  checks.need(isSignIn, 'stream.signIn', signIn, asked);
  if (signIn !== null) {
    const { mechanism, secretArn, keyArn } = signIn;
    const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
    const path = 'stream.signIn';
    checks.need(mechanisms.includes(mechanism), `${path}.mechanism`, mechanism, mechanisms.join());
    const secret = /^arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-\w{6}$/;
    const whole = 'the complete ARN of a secret, with the six characters at its end';
    checks.need(secret.test(secretArn), `${path}.secretArn`, secretArn, whole);
    const key = /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;
    checks.matches(`${path}.keyArn`, keyArn, key, 'the ARN of a key, not of an alias');
  }
  if (network !== null) {
    const { vpcId, subnetIds, brokersGroupId } = network;
    checks.need(/^vpc-[0-9a-f]+$/.test(vpcId), 'stream.network.vpcId', vpcId, 'vpc-…');
    const isSubnets =
      subnetIds.length > 0 && subnetIds.every((id) => /^subnet-[0-9a-f]+$/.test(id));
    checks.need(isSubnets, 'stream.network.subnetIds', subnetIds, 'one or more of subnet-…');
    const isGroup = /^sg-[0-9a-f]+$/.test(brokersGroupId);
    checks.need(isGroup, 'stream.network.brokersGroupId', brokersGroupId, 'sg-…');
  }
  checks.fargate('stream.compute', compute);
  const isEnough = compute.memoryMb >= 1024;
  checks.need(isEnough, 'stream.compute.memoryMb', compute.memoryMb, '1024 or more');
  checks.between('stream.everySeconds', everySeconds, 1, 3600, ' seconds');
  // An alarm looks back a day at most, by periods of five minutes.
  const isPeriods = silentAfterMinutes % 5 === 0;
  const minutes = 'a whole number of minutes from 10 to 1440, in steps of 5';
  const isInside = silentAfterMinutes >= 10 && silentAfterMinutes <= 1440;
  const silent = 'stream.silentAfterMinutes';
  checks.need(isPeriods && isInside, silent, silentAfterMinutes, minutes);
  const isWithin = everySeconds * 2 <= silentAfterMinutes * 60;
  const half = 'at most half of stream.silentAfterMinutes';
  checks.need(isWithin, 'stream.everySeconds', everySeconds, half);
}

function checkInference(checks: Checks, { inference, region }: Configuration): void {
  const { provisionedConcurrency, maxConcurrency } = inference;
  const firewallAt = inference.firewallRequestsPerFiveMinutes;
  checks.between('inference.memoryMb', inference.memoryMb, 512, 10_240, ' MiB');
  checks.between('inference.timeoutSeconds', inference.timeoutSeconds, 1, 29, ' seconds');
  checks.between('inference.provisionedConcurrency', provisionedConcurrency, 0, 1000);
  if (maxConcurrency !== null) {
    checks.between('inference.maxConcurrency', maxConcurrency, 1, 10_000);
    checks.need(
      provisionedConcurrency <= maxConcurrency,
      'inference.provisionedConcurrency',
      provisionedConcurrency,
      `at most inference.maxConcurrency (${maxConcurrency})`,
    );
  }
  checkFront(checks, inference);
  if (firewallAt === null) return;
  const path = 'inference.firewallRequestsPerFiveMinutes';
  checks.between(path, firewallAt, 10, 2_000_000_000);
  checks.need(region === 'us-east-1', 'region', region, `us-east-1 where ${path} is set`);
  const isUrl = inference.front === 'function-url';
  checks.need(isUrl, 'inference.front', inference.front, 'function-url behind a firewall');
  // CloudFront signs its requests to the function in `Authorization`, and overwrites the key there.
  checks.need(!inference.apiKeys, 'inference.apiKeys', true, `false where ${path} is set`);
}

/** What holds back who asks too much; a setting that would have no effect is refused. */
function checkFront(checks: Checks, inference: Configuration['inference']): void {
  const { front, throttle, apiKeys, firewallRequestsPerFiveMinutes } = inference;
  const path = 'inference.throttle';
  if (front === 'function-url') {
    checks.need(throttle === null, path, throttle, 'null: a function URL has none');
    const isHeld = apiKeys || firewallRequestsPerFiveMinutes !== null;
    const held = 'http-api, or have inference.apiKeys or a firewall: a function URL has no limit';
    checks.need(isHeld, 'inference.front', front, held);
    return;
  }
  checks.need(throttle !== null, path, throttle, 'ratePerSecond and burst of an HTTP API');
  if (throttle === null) return;
  checks.between(`${path}.ratePerSecond`, throttle.ratePerSecond, 1, 10_000);
  checks.between(`${path}.burst`, throttle.burst, 1, 5000);
}

function checkMonitoring(checks: Checks, { monitoring }: Configuration): void {
  const { mail, staleAfterHours, latencyMs, minSkill, coverageTolerance } = monitoring;
  checks.matches('monitoring.mail', mail, /^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'an address');
  if (staleAfterHours !== null)
    checks.between('monitoring.staleAfterHours', staleAfterHours, 1, 24 * 366, ' hours');
  checks.between('monitoring.latencyMs', latencyMs, 10, 29_000, ' ms');
  checks.between('monitoring.monthlyBudgetUsd', monitoring.monthlyBudgetUsd, 1, 1_000_000, ' USD');
  checks.need(Math.abs(minSkill) <= 1, 'monitoring.minSkill', minSkill, 'from -1 to 1');
  const isShare = coverageTolerance > 0 && coverageTolerance < 1;
  const path = 'monitoring.coverageTolerance';
  checks.need(isShare, path, coverageTolerance, 'between 0 and 1');
}

/** Decides who may deploy: no value may match more than one repository or branch. */
function checkDelivery(checks: Checks, { delivery: { repository, branch } }: Configuration): void {
  const [owner, name] = ['[A-Za-z0-9][A-Za-z0-9-]*', '[A-Za-z0-9._-]+'];
  const repositoryPattern = new RegExp(`^${owner}(/${name}|@[1-9]\\d*/${name}@[1-9]\\d*)$`);
  const form = 'OWNER/NAME or OWNER@ID/NAME@ID on GitHub';
  checks.matches('delivery.repository', repository, repositoryPattern, form);
  const isBranch = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(branch);
  const allowed = 'the name of one branch, without * or ?';
  checks.need(isBranch, 'delivery.branch', branch, allowed);
}

/** @throws ConfigurationError with all that is wrong. */
export function checkConfiguration(configuration: Configuration): Configuration {
  const problems = configurationProblems(configuration);
  if (problems.length > 0)
    throw new ConfigurationError(String(configuration.environment), problems);
  return configuration;
}
