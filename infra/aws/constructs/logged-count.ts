/**
 * Purpose: a metric that counts the log lines of a pattern, in periods of five minutes.
 * Invariants: it is in the namespace of its environment; while no line comes there are no data.
 * Fails: never.
 */
import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export interface LoggedCountProps {
  readonly logGroup: ILogGroup;
  readonly environment: string;
  /** In CloudWatch's filter syntax for JSON. */
  readonly pattern: string;
  /** Counts the lines of one value of a field alone. */
  readonly dimension?: { readonly name: string; readonly field: string; readonly value: string };
}

/** @param metricName also the id of the filter in the scope */
export function loggedCount(
  scope: Construct,
  metricName: string,
  { logGroup, environment, pattern, dimension }: LoggedCountProps,
): Metric {
  const namespace = `Headway/${environment}`;
  new MetricFilter(scope, metricName, {
    ...{ logGroup, metricNamespace: namespace, metricName, metricValue: '1' },
    filterPattern: FilterPattern.literal(pattern),
    ...(dimension && { dimensions: { [dimension.name]: dimension.field } }),
  });
  return new Metric({
    ...{ namespace, metricName, statistic: 'Sum', period: Duration.minutes(5) },
    ...(dimension && { dimensionsMap: { [dimension.name]: dimension.value } }),
  });
}
