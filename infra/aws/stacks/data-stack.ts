/**
 * Purpose: what outlives every other stack: the bucket that is the store, the log of who reads it,
 * and the place of the images.
 * Invariants: the store survives `destroy`; nothing reaches it but over TLS and with a right of the
 * owner's account; an object is written only where there is none (docs/store-protocol.md), whoever
 * writes it, and a log entry is deleted by nobody but those who change this policy first.
 * Fails: while it is deployed, where an account may not have another bucket.
 */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Repository, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';
import { storeExport } from '../store-access.ts';
import { acknowledge } from '../wildcards.ts';

/**
 * The append-only logs, as storage/objects/object-keys.ts builds them;
 * tests/integration/infra/stacks/data.ts compares.
 */
export const LOG_KEYS = [
  'features/*/log/*',
  'features/*/collections/*',
  'models/*/promotions/*',
  'forecasts/*/log/*',
  'streams/*/log/*',
  'decisions/*',
  'keys/*',
] as const;

/** How long the log of accesses is kept, and images beyond the newest. */
const ACCESS_LOG_DAYS = 90;
/** The record that the service shows goes back 28 days. */
const PUBLISHED_DAYS = 40;
const RETAINED_IMAGES = 20;

export class DataStack extends Stack {
  readonly store: IBucket;
  readonly images: Repository;

  constructor(scope: Construct, id: string, configuration: Configuration, props: StackProps) {
    super(scope, id, props);
    const closed = {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
    };
    const accessLog = new Bucket(this, 'AccessLog', {
      ...closed,
      lifecycleRules: [
        {
          id: 'forget',
          expiration: Duration.days(ACCESS_LOG_DAYS),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
    acknowledge(
      accessLog,
      'AwsSolutions-S1',
      'This is the log of accesses itself: logging its own would never end.',
    );

    const store = new Bucket(this, 'Store', {
      ...closed,
      versioned: true,
      // CDK's classes and interfaces differ by an `undefined` that only our strictest setting sees;
      // hence such casts.
      serverAccessLogsBucket: accessLog as IBucket,
      serverAccessLogsPrefix: 'store/',
      lifecycleRules: [
        // A writer that is killed in the middle of an upload cannot clear it up.
        { id: 'abandoned-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        {
          id: 'undelete',
          noncurrentVersionExpiration: Duration.days(configuration.undeleteDays),
          expiredObjectDeleteMarker: true,
        },
        // Monitoring publishes them again with each check, and may not delete.
        {
          id: 'published',
          prefix: 'published/',
          expiration: Duration.days(PUBLISHED_DAYS),
        },
        // Forecasts are kept for ever and read for some weeks. Small ones stay where they are by
        // S3's own rule.
        {
          id: 'old-forecasts',
          prefix: 'forecasts/',
          transitions: [
            { storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: Duration.days(90) },
          ],
        },
      ],
    });
    this.store = store as IBucket;
    for (const statement of [...this.writtenOnce(), this.notToLookups()])
      this.store.addToResourcePolicy(statement);
    // What stays stays as closed as it was.
    for (const bucket of [store, accessLog])
      bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN);

    this.images = new Repository(this, 'Images', {
      repositoryName: `headway-${configuration.environment}`,
      imageScanOnPush: true,
      // What a task definition names stays what it was.
      imageTagMutability: TagMutability.IMMUTABLE,
      emptyOnDelete: true,
      removalPolicy: RemovalPolicy.DESTROY,
      lifecycleRules: [
        {
          description: 'Layers that no tag names',
          tagStatus: TagStatus.UNTAGGED,
          maxImageAge: Duration.days(1),
        },
        { description: 'The newest stay', maxImageCount: RETAINED_IMAGES },
      ],
    });

    new CfnOutput(this, 'StoreName', {
      value: store.bucketName,
      exportName: storeExport(configuration),
    });
    new CfnOutput(this, 'ImagesUri', { value: this.images.repositoryUri });
  }

  /**
   * The role by which pull requests are compared may read whatever the account has, for `cdk
   * bootstrap` gives it AWS's own ReadOnlyAccess. A diff has no need of what is in the store.
   */
  private notToLookups(): PolicyStatement {
    const role = `arn:${this.partition}:iam::${this.account}:role/cdk-*-lookup-role-*`;
    return new PolicyStatement({
      sid: 'LookupsDoNotRead',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resources: [this.store.arnForObjects('*')],
      conditions: { ArnLike: { 'aws:PrincipalArn': role } },
    });
  }

  /**
   * What no role can override: an explicit refusal beats every permission, the administrators' too.
   */
  private writtenOnce(): PolicyStatement[] {
    const everybody = { effect: Effect.DENY, principals: [new AnyPrincipal()] };
    const logs = LOG_KEYS.map((key) => this.store.arnForObjects(key));
    return [
      new PolicyStatement({
        ...everybody,
        sid: 'LogEntriesAreCreatedNotReplaced',
        actions: ['s3:PutObject'],
        resources: logs,
        conditions: { Null: { 's3:if-none-match': 'true' } },
      }),
      // Multipart uploads carry the condition on their last request alone: the others are no
      // creation.
      new PolicyStatement({
        ...everybody,
        sid: 'ObjectsAreCreatedNotReplaced',
        actions: ['s3:PutObject'],
        resources: [this.store.arnForObjects('*')],
        conditions: {
          Null: { 's3:if-none-match': 'true' },
          Bool: { 's3:ObjectCreationOperation': 'true' },
        },
      }),
      new PolicyStatement({
        ...everybody,
        sid: 'LogEntriesAreNotDeleted',
        actions: ['s3:DeleteObject'],
        resources: logs,
      }),
    ];
  }
}
