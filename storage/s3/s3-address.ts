/**
 * Purpose: the address of a store on S3, as people write it:
 * s3://BUCKET/PREFIX?region=…&endpoint=…&path-style=…&sse=…&kms-key=…
 * Invariants: every segment of the prefix is one that a key could have, so nothing can lead out of
 * it; what the address does not say comes from AWS's own variables (AWS_ENDPOINT_URL_S3,
 * AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION); credentials have no place in it and are
 * refused without being repeated.
 * Fails: SETTINGS_INVALID, which names the part of the address and what is allowed.
 */
import { HeadwayError } from '../../platform/errors.ts';
import { checkKey } from '../objects/object-keys.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface S3Address {
  readonly bucket: string;
  /** Ends in a slash, or is empty. */
  readonly prefix: string;
  /** null: wherever the AWS SDK finds it (profile, instance). */
  readonly region: string | null;
  /** null: Amazon's own. */
  readonly endpoint: string | null;
  /**
   * The bucket in the path instead of the host name: what MinIO and Ceph understand without DNS.
   */
  readonly pathStyle: boolean;
  /** null: none is asked for, and the bucket's own default holds. */
  readonly encryption: 'AES256' | 'aws:kms' | null;
  /** null: the key that AWS keeps for S3. */
  readonly kmsKey: string | null;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const REGION = /^[a-z0-9][a-z0-9-]{0,31}$/;
const KMS_KEY = /^[A-Za-z0-9:/_-]{1,256}$/;
const MAX_PREFIX_LENGTH = 400; // of the 1024 bytes that S3 gives a key, ours may take 512
const PARAMETERS = ['region', 'endpoint', 'path-style', 'sse', 'kms-key'];
const FIX =
  'Use `--store s3://BUCKET/PREFIX`; region, endpoint, path-style, sse and kms-key may ' +
  'follow as ?name=value&….';

const invalid = (what: string) =>
  new HeadwayError('SETTINGS_INVALID', what, { where: 'HEADWAY_STORE, --store', fix: FIX });

export function parseS3Address(url: string, environment: Environment = {}): S3Address {
  const [, bucket = '', path = '', query = ''] =
    /^s3:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(url) ?? [];
  if (bucket.includes('@'))
    throw invalid(
      'Credentials do not belong in the address of the store: they come from the usual AWS sources',
    );
  if (!BUCKET.test(bucket)) throw invalid('The address of the store names no valid bucket');
  const parameters = readParameters(query);
  const endpoint = readEndpoint(parameters, environment);
  const region =
    parameters.get('region') ??
    given(environment.AWS_REGION) ??
    given(environment.AWS_DEFAULT_REGION) ??
    null;
  if (region !== null && !REGION.test(region))
    throw invalid('The region of the store is not valid');
  const pathStyle = parameters.get('path-style') ?? String(endpoint !== null);
  if (pathStyle !== 'true' && pathStyle !== 'false')
    throw invalid('`path-style` is neither true nor false');
  // Servers other than Amazon's mostly refuse to be asked for encryption they were not set up for.
  const sse = parameters.get('sse') ?? (endpoint === null ? 'AES256' : 'none');
  if (sse !== 'AES256' && sse !== 'aws:kms' && sse !== 'none')
    throw invalid('`sse` is not one of AES256, aws:kms and none');
  const kmsKey = parameters.get('kms-key') ?? null;
  if (kmsKey !== null && (sse !== 'aws:kms' || !KMS_KEY.test(kmsKey)))
    throw invalid('`kms-key` needs sse=aws:kms and must be the id or ARN of a key');
  return {
    bucket,
    prefix: readPrefix(path),
    // A server that has no regions still wants one named in the signature.
    region: region ?? (endpoint === null ? null : 'us-east-1'),
    endpoint,
    pathStyle: pathStyle === 'true',
    encryption: sse === 'none' ? null : sse,
    kmsKey,
  };
}

const given = (value: string | undefined): string | undefined =>
  value?.trim() ? value.trim() : undefined;

function readParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    // The value is not repeated: somebody may have tried a password.
    if (!PARAMETERS.includes(name) || parameters.has(name))
      throw invalid(
        `The address of the store has an unknown or repeated parameter ` +
          `${JSON.stringify(name)}`,
      );
    parameters.set(name, value);
  }
  return parameters;
}

function readEndpoint(
  parameters: ReadonlyMap<string, string>,
  environment: Environment,
): string | null {
  const text =
    parameters.get('endpoint') ??
    given(environment.AWS_ENDPOINT_URL_S3) ??
    given(environment.AWS_ENDPOINT_URL);
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const plain =
    url !== null &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (plain && (url.protocol === 'http:' || url.protocol === 'https:')) return url.href;
  throw invalid(
    'The endpoint of the store is not an address like https://host:9000, without a user or ' +
      'a password',
  );
}

function readPrefix(path: string): string {
  const prefix = path.replace(/\/$/, '');
  if (prefix === '') return '';
  try {
    if (prefix.length <= MAX_PREFIX_LENGTH) return `${checkKey(prefix)}/`;
  } catch {
    // said below, in words that fit an address
  }
  throw invalid(
    'The prefix of the store must consist of letters, digits, dots, dashes and underscores ' +
      `between slashes, at most ${MAX_PREFIX_LENGTH} characters`,
  );
}
