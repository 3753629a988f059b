/**
 * Purpose: the prediction service: the bundle of `npm run bundle:lambda` in a function, behind an
 * HTTP API or an address of its own.
 * Invariants: callers reach the alias `live` and never a version that CodeDeploy has not let
 * through; a version whose responses fail while it takes over is rolled back by itself; the
 * function reads the store and, unless clients may post actuals, writes nothing; API keys are in
 * the store and not in its configuration, so that a version which serves follows them.
 * Fails: while it is synthesised, where the bundle is missing; while it is deployed, where a new
 * version is rolled back.
 */
import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { type CfnStage, HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import {
  LambdaApplication,
  LambdaDeploymentConfig,
  LambdaDeploymentGroup,
} from 'aws-cdk-lib/aws-codedeploy';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  Architecture,
  Code,
  FunctionUrlAuthType,
  type IFunction,
  type IVersion,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { LAMBDA_HANDLER, serviceEnvironment } from '../application.ts';
import type { Configuration } from '../configuration.ts';
import { loggedCount } from '../constructs/logged-count.ts';
import { WafDistribution } from '../constructs/waf-distribution.ts';
import { allowStore, inferenceAccess } from '../store-access.ts';
import { acknowledge, acknowledgeWildcards, wildcardStatement } from '../wildcards.ts';

const ROLLOUTS = {
  'all-at-once': LambdaDeploymentConfig.ALL_AT_ONCE,
  canary: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
  linear: LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_1MINUTE,
} as const;

/** A share of failures says something from so many requests in five minutes on. */
const ENOUGH_REQUESTS = 20;
const MAX_FAILURES_PERCENT = 5;

export interface InferenceStackProps extends StackProps {
  /** The folder that `npm run bundle:lambda` made. */
  readonly bundle: string;
}

export class InferenceStack extends Stack {
  readonly run: LambdaFunction;
  readonly live: Alias;
  readonly logGroup: LogGroup;
  /** Where the service is asked, without a slash at its end. */
  readonly url: string;
  /** Of all requests, at the outermost place that counts them. */
  readonly metrics: {
    readonly requests: IMetric;
    readonly serverErrors: IMetric;
    readonly clientErrors: IMetric;
    readonly latency: IMetric;
  };

  constructor(
    scope: Construct,
    id: string,
    configuration: Configuration,
    { bundle, ...props }: InferenceStackProps,
  ) {
    super(scope, id, props);
    const { inference, environment } = configuration;
    this.logGroup = new LogGroup(this, 'Log', {
      retention: configuration.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.run = new LambdaFunction(this, 'Service', {
      description: `Headway (${environment}): serves forecasts over HTTP`,
      runtime: Runtime.NODEJS_24_X,
      architecture:
        configuration.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      code: Code.fromAsset(bundle),
      handler: LAMBDA_HANDLER,
      memorySize: inference.memoryMb,
      timeout: Duration.seconds(inference.timeoutSeconds),
      environment: serviceEnvironment(configuration),
      role: this.serviceRole(configuration).withoutPolicyUpdates(),
      logGroup: this.logGroup,
      tracing: Tracing.ACTIVE,
      ...(inference.maxConcurrency === null
        ? {}
        : { reservedConcurrentExecutions: inference.maxConcurrency }),
    });
    this.live = new Alias(this, 'Live', {
      aliasName: 'live',
      // The cast: see infra/aws/stacks/data-stack.ts.
      version: this.run.currentVersion as IVersion,
      ...(inference.provisionedConcurrency > 0
        ? { provisionedConcurrentExecutions: inference.provisionedConcurrency }
        : {}),
    });
    const front =
      inference.front === 'http-api'
        ? this.httpApi(configuration)
        : this.functionUrl(configuration);
    this.url = front.url;
    this.metrics = front.metrics;
    this.rollOut(configuration);
    new CfnOutput(this, 'Url', { value: this.url, description: 'Where forecasts are asked for' });
  }

  private serviceRole(configuration: Configuration): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    allowStore(role, this, configuration, inferenceAccess(configuration));
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [this.logGroup.logGroupArn],
      }),
    );
    role.addToPolicy(wildcardStatement('tracing'));
    acknowledgeWildcards(role, 'tracing');
    return role;
  }

  private httpApi({ environment, inference, logDays }: Configuration) {
    const api = new HttpApi(this, 'Api', {
      apiName: `headway-${environment}`,
      description: 'Headway: forecasts',
      defaultIntegration: new HttpLambdaIntegration('Service', this.live as IFunction, {
        timeout: Duration.seconds(inference.timeoutSeconds),
      }),
    });
    const log = new LogGroup(this, 'ApiLog', {
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = api.defaultStage!.node.defaultChild as CfnStage;
    stage.accessLogSettings = {
      destinationArn: log.logGroupArn,
      // No address and no query: what is asked, how it ended, how long it took.
      format: JSON.stringify({
        time: '$context.requestTimeEpoch',
        requestId: '$context.requestId',
        method: '$context.httpMethod',
        path: '$context.path',
        status: '$context.status',
        latencyMs: '$context.responseLatency',
        bytes: '$context.responseLength',
        integrationError: '$context.integrationErrorMessage',
      }),
    };
    if (inference.throttle !== null)
      stage.defaultRouteSettings = {
        throttlingRateLimit: inference.throttle.ratePerSecond,
        throttlingBurstLimit: inference.throttle.burst,
      };
    acknowledge(
      api,
      'AwsSolutions-APIG4',
      'The service itself asks for keys where inference.apiKeys is on: the same check in a ' +
        'container, in Kubernetes and here.',
    );
    const metric = (metricName: string, statistic: string) =>
      new Metric({
        namespace: 'AWS/ApiGateway',
        metricName,
        dimensionsMap: { ApiId: api.apiId },
        statistic,
        period: Duration.minutes(5),
      });
    return {
      url: api.apiEndpoint,
      metrics: {
        requests: metric('Count', 'Sum'),
        serverErrors: metric('5xx', 'Sum'),
        clientErrors: metric('4xx', 'Sum'),
        latency: metric('Latency', 'p99'),
      },
    };
  }

  private functionUrl(configuration: Configuration) {
    const firewallAt = configuration.inference.firewallRequestsPerFiveMinutes;
    const own = this.live.addFunctionUrl({
      authType: firewallAt === null ? FunctionUrlAuthType.NONE : FunctionUrlAuthType.AWS_IAM,
    });
    // Its address ends in a slash, and is known only when it is made.
    const url =
      firewallAt === null
        ? Fn.join('', ['https://', Fn.select(2, Fn.split('/', own.url))])
        : new WafDistribution(this, 'Front', {
            url: own,
            requestsPerFiveMinutes: firewallAt,
            environment: configuration.environment,
          }).url;
    const metric = (metricName: string, statistic: string) =>
      new Metric({
        namespace: 'AWS/Lambda',
        metricName,
        dimensionsMap: { FunctionName: this.run.functionName },
        statistic,
        period: Duration.minutes(5),
      });
    return {
      url,
      metrics: {
        requests: metric('UrlRequestCount', 'Sum'),
        serverErrors: metric('Url5xxCount', 'Sum'),
        clientErrors: metric('Url4xxCount', 'Sum'),
        // The address's own latency is known as mean and maximum alone.
        latency: this.live.metricDuration({ statistic: 'p99', period: Duration.minutes(5) }),
      },
    };
  }

  /**
   * A new version gets its share of requests; the alarms take it back. They watch that version
   * alone, so that a service which is broken does not stop its own repair.
   */
  private rollOut({ inference, environment }: Configuration): void {
    const { crashes, failures } = this.versionAlarms(environment);
    const role = new Role(this, 'RolloutRole', {
      assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: [
          'lambda:GetAlias',
          'lambda:UpdateAlias',
          'lambda:GetProvisionedConcurrencyConfig',
        ],
        resources: [this.run.functionArn, `${this.run.functionArn}:live`],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['cloudwatch:DescribeAlarms'],
        resources: [crashes.alarmArn, failures.alarmArn],
      }),
    );
    const group = new LambdaDeploymentGroup(this, 'Rollout', {
      application: new LambdaApplication(this, 'Application', {
        applicationName: `headway-${environment}`,
      }),
      alias: this.live,
      deploymentConfig: ROLLOUTS[inference.rollout],
      alarms: [crashes, failures],
      role: role.withoutPolicyUpdates(),
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
    });
    group.node.addDependency(role);
  }

  /** Crashes of the newest version, and responses of it that are failures. */
  private versionAlarms(environment: string): Readonly<Record<'crashes' | 'failures', Alarm>> {
    const { version } = this.run.currentVersion;
    const ofVersion = (metricName: string, minutes: number) =>
      new Metric({
        namespace: 'AWS/Lambda',
        metricName,
        dimensionsMap: {
          FunctionName: this.run.functionName,
          Resource: `${this.run.functionName}:live`,
          ExecutedVersion: version,
        },
        statistic: 'Sum',
        period: Duration.minutes(minutes),
      });
    const crashes = new Alarm(this, 'Crashes', {
      alarmDescription:
        'Headway: the newest version crashed or timed out. While it takes over it is rolled back.',
      metric: ofVersion('Errors', 1),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    const failures = new Alarm(this, 'Failures', {
      alarmDescription:
        'Headway: responses of the newest version fail. While it takes over it is rolled back.',
      metric: new MathExpression({
        expression: `IF(requests >= ${ENOUGH_REQUESTS}, 100 * FILL(errors, 0) / requests, 0)`,
        usingMetrics: {
          requests: ofVersion('Invocations', 5),
          errors: this.failedResponses(environment, version),
        },
        label: 'responses of 5xx but 503 in percent',
        period: Duration.minutes(5),
      }),
      threshold: MAX_FAILURES_PERCENT,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    return { crashes, failures };
  }

  /**
   * Counted from the log, whose lines name their version: no metric of AWS's front does. 503 is
   * deliberate: an empty store, or one out of reach, is not a fault of a version.
   */
  private failedResponses(environment: string, version: string): Metric {
    return loggedCount(this, 'FailedResponses', {
      ...{ logGroup: this.logGroup, environment },
      pattern: '{ ($.msg = "request completed") && ($.status >= 500) && ($.status != 503) }',
      dimension: { name: 'Version', field: '$.functionVersion', value: version },
    });
  }
}
