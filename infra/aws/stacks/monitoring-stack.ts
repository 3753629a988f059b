/**
 * Purpose: who is notified of what: a probe from outside, the monitoring of forecasts on its
 * schedule, alarms, one dashboard, a budget, and the topic that all of them write to.
 * Invariants: every alarm says in its text what it means for those who use forecasts and where to
 * look; one failure has one alarm. None goes off before there is something to watch: an empty store
 * is not unreachable, no model yet is not a fallback, and skill and coverage are silent until the
 * first scores. Only a topic that is named is expected to have events from the first day.
 * Fails: never.
 */
import { join } from 'node:path';
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Subscription, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';
import { type DashboardParts, operationsDashboard } from '../constructs/dashboard.ts';
import { MonitorJob } from '../constructs/monitor-job.ts';
import { RunSchedule } from '../constructs/run-schedule.ts';
import type { BatchStack } from './batch-stack.ts';
import type { DataStack } from './data-stack.ts';
import type { FeatureStack } from './feature-stack.ts';
import type { InferenceStack } from './inference-stack.ts';
import type { NetworkStack } from './network-stack.ts';
import type { StreamStack } from './stream-stack.ts';
import type { TrainingStack } from './training-stack.ts';

export interface MonitoringStackProps extends StackProps {
  readonly data: DataStack;
  readonly network: NetworkStack;
  readonly features: FeatureStack;
  readonly training: TrainingStack;
  readonly batch: BatchStack | null;
  readonly stream: StreamStack | null;
  readonly inference: InferenceStack;
}

const FIVE_MINUTES = Duration.minutes(5);
const PROBE_EVERY_MINUTES = 5;

interface AlarmText {
  readonly name: string;
  readonly means: string;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly when: ComparisonOperator;
  readonly periods?: number;
  readonly missing?: TreatMissingData;
}

export class MonitoringStack extends Stack {
  readonly alarms: Alarm[] = [];

  constructor(
    scope: Construct,
    id: string,
    configuration: Configuration,
    { data, network, features, training, batch, stream, inference, ...props }: MonitoringStackProps,
  ) {
    super(scope, id, props);
    const { environment } = configuration;
    const topic = this.topic(configuration);
    const monitor = new MonitorJob(this, 'Watch', { configuration, data, network, topic });
    const probe = this.probe(configuration, inference.url);
    const measured = (metricName: string, statistic: string, period = FIVE_MINUTES) =>
      new Metric({
        namespace: 'Headway',
        metricName,
        dimensionsMap: { Environment: environment },
        statistic,
        period,
      });
    const failures = {
      features:
        features.work.kind === 'lambda'
          ? features.work.run.metricErrors({ period: FIVE_MINUTES, statistic: 'Sum' })
          : failed(features.work.run),
      training: failed(training.run),
      monitoring: failed(monitor.run),
    };
    const figures = {
      ready: measured('Ready', 'Minimum'),
      fallback: measured('Fallback', 'Minimum'),
      dataAge: measured('DataAge', 'Maximum'),
      replaced: measured('RescuedSeries', 'Maximum'),
      skill: measured('Skill', 'Average', Duration.days(1)),
      coverage: measured('CoverageError', 'Maximum', Duration.days(1)),
      probeErrors: probe.metricErrors({ period: FIVE_MINUTES, statistic: 'Sum' }),
    };
    const texts: AlarmText[] = [
      ...availabilityAlarms(figures),
      ...jobAlarms({ features, training, monitor }),
      ...requestAlarms(configuration, inference),
      ...forecastAlarms(configuration, figures),
      ...(batch === null ? [] : batchAlarms(batch)),
      ...(stream === null ? [] : streamAlarms(stream)),
    ];
    for (const text of texts) this.alarm(configuration, topic, text);
    this.budget(configuration, topic);
    operationsDashboard(this, {
      environment,
      figures,
      features,
      training,
      batch,
      stream,
      inference,
      failures: [
        failures.features,
        failures.training,
        failures.monitoring,
        ...(batch === null ? [] : [failed(batch.run)]),
      ],
      alarms: this.alarms,
    });
    new CfnOutput(this, 'Alarms', {
      value: topic.topicArn,
      description: 'Where alarms are sent; subscribe whoever should get them',
    });
  }

  private alarm(
    { environment }: Configuration,
    topic: Topic,
    { name, means, metric, threshold, when, periods = 1, missing }: AlarmText,
  ): void {
    const alarm = new Alarm(this, name, {
      alarmName: `headway-${environment}-${name}`,
      alarmDescription: means,
      metric,
      threshold,
      comparisonOperator: when,
      evaluationPeriods: periods,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
    this.alarms.push(alarm);
  }

  private topic({ environment, monitoring }: Configuration): Topic {
    const topic = new Topic(this, 'Topic', {
      displayName: `Headway ${environment}`,
      enforceSSL: true,
    });
    const { account } = Stack.of(this);
    for (const service of ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'])
      topic.addToResourcePolicy(
        new PolicyStatement({
          actions: ['sns:Publish'],
          principals: [new ServicePrincipal(service)],
          resources: [topic.topicArn],
          conditions: { StringEquals: { 'aws:SourceAccount': account } },
        }),
      );
    if (monitoring.mail !== null)
      new Subscription(this, 'Mail', {
        topic,
        protocol: SubscriptionProtocol.EMAIL,
        endpoint: monitoring.mail,
      });
    return topic;
  }

  private probe(
    { environment, logDays, architecture }: Configuration,
    url: string,
  ): LambdaFunction {
    const logGroup = new LogGroup(this, 'ProbeLog', {
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'ProbeRole', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    const probe = new LambdaFunction(this, 'Probe', {
      description:
        `Headway (${environment}): asks the service whether it is ready, and measures the ` +
        'response time',
      runtime: Runtime.NODEJS_24_X,
      architecture: architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      code: Code.fromAsset(join(import.meta.dirname, '..', 'probe')),
      handler: 'index.handler',
      memorySize: 128,
      timeout: Duration.seconds(30),
      environment: { PROBE_URL: url, PROBE_ENVIRONMENT: environment },
      role: role.withoutPolicyUpdates(),
      logGroup,
      // The next probe is worth more than a second try of this one.
      retryAttempts: 0,
    });
    new RunSchedule(this, 'ProbeSchedule', {
      expression: `rate(${PROBE_EVERY_MINUTES} minutes)`,
      description: 'Headway: ask the service whether it is ready',
      target: { arn: probe.functionArn, action: 'lambda:InvokeFunction' },
      deadLetters: null,
      // Within five minutes of its time it would leave periods without a figure.
      isPunctual: true,
    });
    return probe;
  }

  private budget({ environment, monitoring }: Configuration, topic: Topic): void {
    const notify = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notification: {
        notificationType,
        threshold,
        thresholdType: 'PERCENTAGE',
        comparisonOperator: 'GREATER_THAN',
      },
      subscribers: [{ subscriptionType: 'SNS', address: topic.topicArn }],
    });
    const budget = new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: `headway-${environment}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monitoring.monthlyBudgetUsd, unit: 'USD' },
      },
      notificationsWithSubscribers: [
        notify('ACTUAL', 80),
        notify('ACTUAL', 100),
        notify('FORECASTED', 100),
      ],
    });
    budget.node.addDependency(topic);
  }
}

const above = ComparisonOperator.GREATER_THAN_THRESHOLD;
const below = ComparisonOperator.LESS_THAN_THRESHOLD;
const waiting = (queue: Queue) =>
  queue.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: 'Maximum' });
const failed = (machine: StateMachine) =>
  machine.metricFailed({ period: FIVE_MINUTES, statistic: 'Sum' });

type Figures = DashboardParts['figures'] & { readonly probeErrors: IMetric };

function availabilityAlarms(figures: Figures): AlarmText[] {
  return [
    {
      name: 'Unreachable',
      means:
        'No forecasts are served, seen from outside. Look at the log of the service; ' +
        '/health/ready says the reason.',
      ...{
        metric: figures.ready,
        threshold: 1,
        when: below,
        periods: 2,
        // Absent while the store is empty; after that the probe writes it every time.
        missing: TreatMissingData.IGNORE,
      },
    },
    {
      name: 'ProbeFailed',
      means:
        'The probe itself fails, so nobody looks whether forecasts are served. Its log has the ' +
        'reason.',
      ...{ metric: figures.probeErrors, threshold: 0, when: above, periods: 3 },
    },
    {
      name: 'Fallback',
      means:
        'Forecasts have been a fallback for half an hour: the newest model or data cannot ' +
        'be used. The probe’s log names the reason (docs/decisions/0019-fallback.md).',
      ...{ metric: figures.fallback, threshold: 0, when: above, periods: 6 },
    },
  ];
}

/**
 * A run that was given up: of a function its event, of a container the message of its state machine
 * lies in the queue. One that was ended from outside leaves no message.
 */
function givenUp(queue: Queue, machine: StateMachine | null): IMetric {
  if (machine === null) return waiting(queue);
  return new MathExpression({
    expression: 'FILL(waiting, 0) + FILL(timedOut, 0) + FILL(aborted, 0)',
    usingMetrics: {
      waiting: waiting(queue),
      timedOut: machine.metricTimedOut({ period: FIVE_MINUTES, statistic: 'Sum' }),
      aborted: machine.metricAborted({ period: FIVE_MINUTES, statistic: 'Sum' }),
    },
    label: 'runs that were given up',
    period: FIVE_MINUTES,
  });
}

const READ_IT =
  'The message in the dead-letter queue says which and why; delete it when it is dealt with, and ' +
  'the alarm ends.';

function jobAlarms({
  features,
  training,
  monitor,
}: Pick<MonitoringStackProps, 'features' | 'training'> & {
  readonly monitor: MonitorJob;
}): AlarmText[] {
  const { work } = features;
  return [
    {
      name: 'FeaturesFailed',
      means:
        'A feature run was given up: forecasts rest on older data. DATA_QUARANTINED means that ' +
        `raw data broke its contract. ${READ_IT}`,
      metric: givenUp(features.deadLetters, work.kind === 'fargate' ? work.run : null),
      ...{ threshold: 0, when: above },
    },
    {
      name: 'TrainingFailed',
      means: `A training was given up: the champion stays. ${READ_IT}`,
      metric: givenUp(training.deadLetters, training.run),
      ...{ threshold: 0, when: above },
    },
    {
      name: 'MonitoringFailed',
      means:
        'A look of monitoring was given up: nothing is scored, and the policy decides nothing. ' +
        READ_IT,
      metric: givenUp(monitor.deadLetters, monitor.run),
      ...{ threshold: 0, when: above },
    },
  ];
}

function requestAlarms({ monitoring }: Configuration, inference: InferenceStack): AlarmText[] {
  const { requests, serverErrors, latency } = inference.metrics;
  const errorShare = new MathExpression({
    expression: 'IF(requests >= 20, 100 * errors / requests, 0)',
    usingMetrics: { requests, errors: serverErrors },
    label: 'responses of 5xx in percent',
    period: FIVE_MINUTES,
  });
  return [
    {
      name: 'Errors',
      means:
        'More than 1 in 100 responses is an error of the service. Its log has the code of each.',
      ...{ metric: errorShare, threshold: 1, when: above, periods: 3 },
    },
    {
      name: 'Latency',
      means:
        `1 in 100 responses takes longer than ${monitoring.latencyMs} ms. Look for cold ` +
        'starts (provisioned concurrency helps) and large requests.',
      ...{ metric: latency, threshold: monitoring.latencyMs, when: above, periods: 3 },
    },
    {
      name: 'Throttled',
      means:
        'Requests were turned away because too many instances ran at once. Raise ' +
        'inference.maxConcurrency, or ask AWS for a higher limit.',
      ...{
        metric: inference.run.metricThrottles({ period: FIVE_MINUTES, statistic: 'Sum' }),
        threshold: 0,
        when: above,
      },
    },
  ];
}

function forecastAlarms({ monitoring }: Configuration, figures: Figures): AlarmText[] {
  const texts: AlarmText[] = [
    {
      name: 'Skill',
      means:
        'Forecasts are no longer better than the best naive ones by the required margin. Train, ' +
        'or look for what has changed.',
      ...{ metric: figures.skill, threshold: monitoring.minSkill, when: below },
    },
    {
      name: 'Coverage',
      means: 'Intervals cover more or less than they claim. Train: that calibrates them again.',
      ...{ metric: figures.coverage, threshold: monitoring.coverageTolerance, when: above },
    },
  ];
  if (monitoring.staleAfterHours !== null)
    texts.push({
      name: 'DataLate',
      means:
        `The last observed interval ended more than ${monitoring.staleAfterHours} hours ` +
        'ago. Look at the feature runs, then at the source.',
      ...{
        metric: figures.dataAge,
        threshold: monitoring.staleAfterHours * 3600,
        when: above,
        periods: 3,
      },
    });
  return texts;
}

function streamAlarms({ entries, silentAfterMinutes: minutes }: StreamStack): AlarmText[] {
  return [
    {
      name: 'NothingLanded',
      means:
        `No entry of the stream log for ${minutes} minutes: the topic is silent, or it is not ` +
        'landed. The log of the lander has the code; docs/streaming.md says what each asks for.',
      ...{ metric: entries, threshold: 1, when: below, periods: minutes / 5 },
      // A lander that does not run writes nothing.
      missing: TreatMissingData.BREACHING,
    },
  ];
}

function batchAlarms(batch: BatchStack): AlarmText[] {
  return [
    {
      name: 'BatchFailed',
      means:
        'Shards of a batch were given up: their forecasts are missing from the ledger. ' + READ_IT,
      metric: givenUp(batch.deadLetters, batch.run),
      ...{ threshold: 0, when: above },
    },
  ];
}
