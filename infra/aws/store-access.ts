/**
 * Purpose: what each service may do with the store, as the table of docs/architecture.md has it:
 * what it reads and what it writes.
 * Invariants: a right ends at a prefix; nobody may delete, and nobody may write who only reads.
 * Stacks know the bucket by the name under which infra/aws/stacks/data-stack.ts exports it, so that
 * each can be read, compared and replaced without the other.
 * Fails: while it is deployed, where the data stack is not there yet.
 */
import { Fn, type Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Configuration } from './configuration.ts';
import { acknowledgeBeginnings } from './wildcards.ts';

/** The top folders of storage/objects/object-keys.ts. */
export type StoreFolder =
  | 'features'
  | 'witness'
  | 'quarantine'
  | 'models'
  | 'forecasts'
  | 'actuals'
  | 'scores'
  | 'figures'
  | 'monitoring'
  | 'published'
  | 'decisions'
  | 'jobs'
  | 'alerts'
  | 'streams'
  | 'keys';

/**
 * Where files may be larger than one request, and an upload in parts that fails is aborted: feature
 * data, parts of the ledger, and segments of a stream.
 */
const UPLOADED: readonly StoreFolder[] = ['features', 'forecasts', 'streams'];

/** Written and not looked for; read only by a writer that asks whose the object is that it met. */
const UNLISTED: readonly StoreFolder[] = ['witness'];

export interface StoreAccess {
  readonly reads: readonly StoreFolder[];
  readonly writes: readonly StoreFolder[];
}

export const STORE_ACCESS = {
  /** Aggregates, then forecasts from the new snapshot with the champion. */
  features: {
    reads: ['features', 'witness', 'quarantine', 'models', 'forecasts', 'decisions', 'jobs'],
    writes: ['features', 'witness', 'quarantine', 'forecasts', 'jobs'],
  },
  /** Where forecasts are a batch of its own: features without them … */
  featuresAlone: {
    reads: ['features', 'witness', 'quarantine'],
    writes: ['features', 'witness', 'quarantine'],
  },
  /** … and forecasts without features; the decisions name the challenger. */
  batch: { reads: ['features', 'models', 'forecasts', 'decisions'], writes: ['forecasts'] },
  training: { reads: ['features', 'models'], writes: ['models'] },
  /** Lands a topic; it asks its own log where to go on. */
  stream: { reads: ['streams'], writes: ['streams'] },
  /** Scores, judges, decides and acts: it trains where the policy asks for it. */
  monitoring: {
    reads: [
      'features',
      'models',
      'forecasts',
      'actuals',
      'scores',
      'figures',
      'monitoring',
      'published',
      'decisions',
      'jobs',
      'alerts',
    ],
    writes: [
      'models',
      'forecasts',
      'scores',
      'figures',
      'monitoring',
      'published',
      'decisions',
      'jobs',
      'alerts',
    ],
  },
  /** A start takes forecasts that were issued, and makes none where it finds them. */
  inference: {
    reads: ['features', 'models', 'forecasts', 'decisions', 'published', 'jobs'],
    writes: [],
  },
} as const satisfies Record<string, StoreAccess>;

/** Where a stream is the source, its segments are the raw data. */
export function featureAccess({ batch, source }: Configuration): StoreAccess {
  const { reads, writes } = batch === null ? STORE_ACCESS.features : STORE_ACCESS.featuresAlone;
  const isStream = source?.startsWith('stream:') === true;
  return { reads: [...reads, ...(isStream ? (['streams'] as const) : [])], writes };
}

/** Clients may post actuals, and keys are asked for, where the configuration says so. */
export function inferenceAccess({ inference }: Configuration): StoreAccess {
  const { reads, writes } = STORE_ACCESS.inference;
  return {
    reads: [
      ...reads,
      ...(inference.apiKeys ? (['keys'] as const) : []),
      ...(inference.actuals ? (['actuals'] as const) : []),
    ],
    writes: [...writes, ...(inference.actuals ? (['actuals'] as const) : [])],
  };
}

export const storeExport = ({ environment }: Configuration): string =>
  `headway-${environment}-store`;
export const storeName = (configuration: Configuration): string =>
  Fn.importValue(storeExport(configuration));

/**
 * The prefix of a folder that a deployment may touch: one domain's, or every domain's where none is
 * named.
 */
const prefixOf = (folder: StoreFolder, { domain }: Configuration): string =>
  domain === null ? `${folder}/*` : `${folder}/${domain}/*`;

export function allowStore(
  role: Role,
  stack: Stack,
  configuration: Configuration,
  { reads, writes }: StoreAccess,
): void {
  const bucket = `arn:${stack.partition}:s3:::${storeName(configuration)}`;
  const objects = (folders: readonly StoreFolder[]) =>
    folders.map((folder) => `${bucket}/${prefixOf(folder, configuration)}`);
  role.addToPolicy(
    new PolicyStatement({ sid: 'ReadStore', actions: ['s3:GetObject'], resources: objects(reads) }),
  );
  role.addToPolicy(
    new PolicyStatement({
      sid: 'ListStore',
      // Without it S3 says "access denied" for what is merely absent.
      actions: ['s3:ListBucket'],
      resources: [bucket],
      conditions: {
        StringLike: {
          's3:prefix': reads
            .filter((folder) => !UNLISTED.includes(folder))
            .map((folder) => prefixOf(folder, configuration)),
        },
      },
    }),
  );
  if (writes.length > 0)
    role.addToPolicy(
      new PolicyStatement({
        sid: 'WriteStore',
        actions: ['s3:PutObject'],
        resources: objects(writes),
      }),
    );
  const uploads = writes.filter((folder) => UPLOADED.includes(folder));
  if (uploads.length > 0)
    role.addToPolicy(
      new PolicyStatement({
        sid: 'AbortUploads',
        actions: ['s3:AbortMultipartUpload'],
        resources: objects(uploads),
      }),
    );
  acknowledgeBeginnings(
    role,
    objects([...new Set([...reads, ...writes])]),
    'One folder of the store: its objects are named by their content.',
  );
}
