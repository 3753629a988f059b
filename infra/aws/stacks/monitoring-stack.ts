/**
 * Purpose: who is notified of what: a probe from outside, the monitoring of forecasts on its
 * schedule, alarms, one dashboard, a budget, and the topic that all of them write to.
 * Invariants: every alarm says in its text what it means for those who use forecasts and where
 * to look; what is not measured yet (skill and coverage, before the first scores) has its alarm
 * already and is silent until it is.
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
import type { TrainingStack } from './training-stack.ts';

export interface MonitoringStackProps extends StackProps {
  readonly data: DataStack;
  readonly network: NetworkStack;
  readonly features: FeatureStack;
  readonly training: TrainingStack;
  readonly batch: BatchStack | null;
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
    { data, network, features, training, batch, inference, ...props }: MonitoringStackProps,
  ) {
    super(scope, id, props);
    const { environment } = configuration;
    const topic = this.topic(configuration);
    const monitor = new MonitorJob(this, 'Watch', { configuration, data, network, topic });
    this.probe(configuration, inference.url);
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
    };
    const texts: AlarmText[] = [
      ...availabilityAlarms(figures),
      ...jobAlarms({ features, training, monitor }, failures),
      ...requestAlarms(configuration, inference),
      ...forecastAlarms(configuration, figures),
      ...(batch === null ? [] : batchAlarms(batch)),
    ];
    for (const text of texts) this.alarm(configuration, topic, text);
    this.budget(configuration, topic);
    operationsDashboard(this, {
      environment,
      figures,
      features,
      training,
      batch,
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

  private probe({ environment, logDays, architecture }: Configuration, url: string): void {
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
    });
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

type Figures = DashboardParts['figures'];

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
        missing: TreatMissingData.BREACHING,
      },
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

function jobAlarms(
  {
    features,
    training,
    monitor,
  }: Pick<MonitoringStackProps, 'features' | 'training'> & { readonly monitor: MonitorJob },
  failures: Readonly<Record<'features' | 'training' | 'monitoring', IMetric>>,
): AlarmText[] {
  return [
    {
      name: 'FeatureRunFailed',
      means:
        'A feature run failed: forecasts rest on older data. Its log has the reason; ' +
        'DATA_QUARANTINED means that raw data broke its contract.',
      ...{ metric: failures.features, threshold: 0, when: above },
    },
    {
      name: 'TrainingFailed',
      means: 'A training failed: the champion stays. Its log has the reason.',
      ...{ metric: failures.training, threshold: 0, when: above },
    },
    {
      name: 'MonitoringFailed',
      means:
        'A look of monitoring failed: nothing is scored, and the policy decides nothing. Its log ' +
        'has the reason.',
      ...{ metric: failures.monitoring, threshold: 0, when: above },
    },
    {
      name: 'FeaturesDeadLetter',
      means:
        'A feature run was given up. The message says which and why; delete it when it is ' +
        'dealt with.',
      ...{ metric: waiting(features.deadLetters), threshold: 0, when: above },
    },
    {
      name: 'TrainingDeadLetter',
      means:
        'A training was given up. The message says which and why; delete it when it is dealt with.',
      ...{ metric: waiting(training.deadLetters), threshold: 0, when: above },
    },
    {
      name: 'MonitoringDeadLetter',
      means:
        'A look of monitoring was given up. The message says which and why; delete it when it is ' +
        'dealt with.',
      ...{ metric: waiting(monitor.deadLetters), threshold: 0, when: above },
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
        'Forecasts are no longer better than the best naive ones by what is asked. Train, ' +
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

function batchAlarms(batch: BatchStack): AlarmText[] {
  return [
    {
      name: 'BatchFailed',
      means:
        'A batch of forecasts failed: those of some shards are missing from the log. The ' +
        'dead-letter queue names each.',
      ...{ metric: failed(batch.run), threshold: 0, when: above },
    },
    {
      name: 'BatchDeadLetter',
      means:
        'A shard of a batch was given up. The message says which and why; delete it when it ' +
        'is dealt with.',
      ...{ metric: waiting(batch.deadLetters), threshold: 0, when: above },
    },
  ];
}
