/**
 * Purpose: the one page on the state of Headway: are forecasts served, from how fresh data,
 * how fast, and did the runs succeed.
 * Invariants: alarms first; every graph has its unit in its title.
 * Fails: never.
 */
import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { BatchStack } from '../stacks/batch-stack.ts';
import type { FeatureStack } from '../stacks/feature-stack.ts';
import type { InferenceStack } from '../stacks/inference-stack.ts';
import type { StreamStack } from '../stacks/stream-stack.ts';
import type { TrainingStack } from '../stacks/training-stack.ts';

export interface DashboardParts {
  readonly environment: string;
  readonly figures: Readonly<
    Record<'ready' | 'fallback' | 'dataAge' | 'replaced' | 'skill' | 'coverage', IMetric>
  >;
  readonly features: FeatureStack;
  readonly training: TrainingStack;
  readonly batch: BatchStack | null;
  readonly stream: StreamStack | null;
  readonly inference: InferenceStack;
  /** Of runs: of features, of training, of monitoring, of batches. */
  readonly failures: readonly IMetric[];
  readonly alarms: readonly Alarm[];
}

export function operationsDashboard(scope: Construct, parts: DashboardParts): Dashboard {
  const { environment, figures, features, training, inference, failures, alarms } = parts;
  const { batch, stream } = parts;
  const graph = (title: string, left: readonly IMetric[], right: readonly IMetric[] = []) =>
    new GraphWidget({ title, left: [...left], right: [...right], width: 12, height: 6 });
  const errorsOf = (title: string, logGroupName: string) =>
    new LogQueryWidget({
      title,
      logGroupNames: [logGroupName],
      queryLines: [
        'fields @timestamp, msg, code',
        'filter level >= 50',
        'sort @timestamp desc',
        'limit 20',
      ],
      width: 12,
      height: 6,
    });
  const { requests, serverErrors, clientErrors, latency } = inference.metrics;
  return new Dashboard(scope, 'Dashboard', {
    dashboardName: `headway-${environment}`,
    defaultInterval: Duration.days(1),
    widgets: [
      [
        new TextWidget({
          markdown: `# Headway ${environment}\nForecasts: ${inference.url}`,
          width: 24,
          height: 2,
        }),
      ],
      [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 4 })],
      [
        graph('Age of the last observed interval (s)', [figures.dataAge]),
        graph(
          'Ready, and serving a fallback (1: yes); replaced series (right)',
          [figures.ready, figures.fallback],
          [figures.replaced],
        ),
      ],
      [
        graph('Requests; errors of clients and of the service (per 5 min)', [
          requests,
          clientErrors,
          serverErrors,
        ]),
        graph(
          'Response time, 99 of 100 (ms); instances at once (right)',
          [latency],
          [inference.run.metric('ConcurrentExecutions', { statistic: 'Maximum' })],
        ),
      ],
      [
        graph(
          `Runs that failed: features, training, monitoring${batch === null ? '' : ', batches'}`,
          failures,
        ),
        graph('Skill; coverage off its level by (right)', [figures.skill], [figures.coverage]),
      ],
      [
        errorsOf('Errors of feature runs', features.logGroup.logGroupName),
        errorsOf('Errors of trainings', training.logGroup.logGroupName),
      ],
      ...(batch === null ? [] : [[errorsOf('Errors of batches', batch.logGroup.logGroupName)]]),
      ...(stream === null
        ? []
        : [
            [
              graph('Entries of the stream log (per 5 min)', [stream.entries]),
              errorsOf('Errors of the lander', stream.logGroup.logGroupName),
            ],
          ]),
    ],
  });
}
