/**
 * Purpose: what went wrong with a request to S3: whether another try may help, and what people
 * should do.
 * Invariants: an error of the SDK never leaves this file: it may carry what was signed and with
 * whose key, so only its name, status and request id do, and of a refusal the server's reason,
 * scrubbed. Every error names the key and the store.
 * Fails: never.
 */
import { HeadwayError } from '../../platform/errors.ts';
import { tlsFix } from '../../platform/http/tls.ts';

/** One failed request, in words of our own. */
export interface S3Failure {
  /** S3's code ("SlowDown", "NoSuchKey"), or the system's ("ECONNRESET"). */
  readonly name: string;
  /** 0 where no response came. */
  readonly status: number;
  readonly message: string;
  readonly requestId: string | null;
  /** Where S3 says the bucket is. */
  readonly region: string | null;
}

const TRANSIENT = new Set([
  'RequestTimeout',
  'SlowDown',
  'ThrottlingException',
  'RequestTimeTooSkewed', // the SDK has corrected its clock by the response's date
  'ConditionalRequestConflict',
  'OperationAborted',
  // What the way did to our bytes.
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
]);
/** Nothing is sent before these are fixed. */
const LOCAL = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'Region is missing',
  'ERR_INVALID_URL',
]);
const FULL = new Set([
  'QuotaExceeded',
  'XMinioStorageFull',
  'EntityTooLarge',
  'InsufficientStorage',
]);
const UNKNOWN_CREDENTIALS = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'TokenRefreshRequired',
  'CredentialsProviderError',
  'TokenProviderError',
]);
const WRONG_REGION = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'Redirect',
]);

interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly Code?: string;
  readonly message?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: {
    readonly statusCode?: number;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

export function failureOf(error: unknown): S3Failure {
  const {
    name,
    code,
    Code,
    message = '',
    Region,
    $metadata,
    $response,
  } = (error ?? {}) as SdkError;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode ?? 0;
  const system = status === 0 && typeof code === 'string' ? code : undefined;
  const isMissingRegion = message.startsWith('Region is missing');
  const region = $response?.headers?.['x-amz-bucket-region'] ?? Region;
  // Why somebody may not, and which host there is not. Other messages say what the name says, or
  // repeat what was sent.
  const isSpecific = Code === 'AccessDenied' || name === 'AccessDenied' || system !== undefined;
  return {
    name: isMissingRegion ? 'Region is missing' : word(system ?? Code ?? name ?? ''),
    status,
    message: isSpecific ? scrub(message) : '',
    requestId: $metadata?.requestId ? word($metadata.requestId) : null,
    region: typeof region === 'string' && /^[a-z0-9-]{1,32}$/.test(region) ? region : null,
  };
}

/** What a server calls something, if it is a name and no essay. */
const word = (text: string): string => (/^[\w.:=/+-]{1,128}$/.test(text) ? text : 'Unknown');

/** No key, signature or token, whoever put it there; one line, and short. */
function scrub(message: string): string {
  return message
    .replace(/\b(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b/g, '***')
    .replace(
      /(signature|credential|token|secret|password|authorization)(["'\s:=]+)[^\s&"',;]+/gi,
      '$1$2***',
    )
    .replace(/\s+/g, ' ')
    .slice(0, 200);
}

export const isMissing = ({ name, status }: S3Failure): boolean =>
  name === 'NoSuchKey' ||
  name === 'NotFound' ||
  (status === 404 && name !== 'NoSuchBucket' && name !== 'NoSuchUpload');

/** "If-None-Match: *" met an object. */
export const isTaken = ({ name, status }: S3Failure): boolean =>
  status === 412 || name === 'PreconditionFailed';

export function mayPass({ name, status }: S3Failure): boolean {
  if (LOCAL.has(name) || tlsFix(name) !== null) return false;
  // A response of 200 that cannot be read broke off on the way.
  if (status < 300) return true;
  return (
    status === 0 ||
    status === 408 ||
    status === 409 ||
    status === 429 ||
    (status >= 500 && status !== 501) ||
    TRANSIENT.has(name)
  );
}

/** The error that people see. `store` is the location; `tries` how often it was tried. */
export function errorOf(
  failure: S3Failure,
  key: string,
  store: string,
  tries: number,
): HeadwayError {
  const { name, status, message, requestId, region } = failure;
  const reply =
    status === 0 ? name : `${name}, HTTP ${status}${requestId ? `, request ${requestId}` : ''}`;
  const cause = new Error(message === '' || message === name ? reply : `${reply}: ${message}`);
  const detail = { where: key, cause };
  const refused = (what: string, fix: string) =>
    new HeadwayError('STORE_UNAVAILABLE', `${what} (${reply})`, { ...detail, fix });
  if (isMissing(failure))
    return new HeadwayError('OBJECT_NOT_FOUND', `There is no such object in ${store}`, detail);
  if (FULL.has(name) || status === 507) {
    const fix = 'Raise the quota or free some space; nothing was lost and the run can be repeated.';
    return new HeadwayError('STORE_FULL', `The store ${store} is full (${reply})`, {
      ...detail,
      fix,
    });
  }
  if (name === 'NoSuchBucket')
    return refused(
      `The bucket of ${store} does not exist`,
      'Create it, or fix the name in HEADWAY_STORE; Headway does not create buckets.',
    );
  if (name === 'Region is missing')
    return refused(
      `No region is known for ${store}`,
      'Set AWS_REGION, or append ?region=… to the address of the store.',
    );
  if (UNKNOWN_CREDENTIALS.has(name)) {
    const fix =
      'Give credentials in one of the usual AWS ways (AWS_ACCESS_KEY_ID and ' +
      'AWS_SECRET_ACCESS_KEY, AWS_PROFILE, a role), for this endpoint, and not expired.';
    return refused(`No valid credentials for ${store}`, fix);
  }
  if (WRONG_REGION.has(name) || status === 301 || status === 307) {
    const hint = region ? ` It is in ${region}.` : '';
    return refused(
      `The bucket of ${store} is in another region.${hint}`,
      `Set AWS_REGION${region ? `=${region}` : ''}, or append ?region=${region ?? '…'} to the ` +
        'address.',
    );
  }
  if (status === 401 || status === 403) {
    const fix =
      'Allow s3:GetObject, s3:PutObject and s3:AbortMultipartUpload on the prefix and ' +
      's3:ListBucket on the bucket (docs/reference.md has the policy); with sse=aws:kms ' +
      'also the key.';
    return refused(`Access to ${store} is denied`, fix);
  }
  if (status === 501 || name === 'NotImplemented' || name === 'InvalidArgument') {
    return refused(
      `The server of ${store} does not support the request`,
      'It must support If-None-Match on PUT; omit `sse` if it has no keys for encryption.',
    );
  }
  const ofTls = tlsFix(name);
  if (ofTls !== null) return refused(`No TLS connection to ${store} can be made`, ofTls);
  const often = tries > 1 ? `, tried ${tries} times` : '';
  const fix =
    status === 0
      ? 'Check the endpoint and the network, and run it again; HEADWAY_STORE_SECONDS is the limit.'
      : 'Run it again; if it fails again, check the bucket and the state of the server.';
  return new HeadwayError(
    'STORE_UNAVAILABLE',
    `The store ${store} cannot be used (${reply}${often})`,
    { ...detail, fix },
  );
}
