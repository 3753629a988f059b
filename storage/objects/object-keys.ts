/**
 * Purpose: every key of the store is built here and nowhere else.
 * Invariants: a key is relative, has only [A-Za-z0-9._/-], no empty, `.` or `..` segment, so it
 * cannot escape its prefix; log numbers have 20 digits so that text order is number order.
 * Fails: KEY_INVALID for a part that would break these rules.
 */
import { posix } from 'node:path';
import { HeadwayError } from '../../platform/errors.ts';
import { HASH_PATTERN } from '../../platform/files/content-hash.ts';

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

function segment(value: string, what: string): string {
  if (SEGMENT.test(value) && !value.includes('..')) return value;
  throw new HeadwayError('KEY_INVALID', `${JSON.stringify(value)} is not a valid ${what}`, {
    fix: 'Use letters, digits, dot, dash and underscore, starting with a letter or digit.',
  });
}

const numbered = (number: number): string => {
  if (!Number.isSafeInteger(number) || number < 0)
    throw new HeadwayError('KEY_INVALID', `${number} is not a log number`);
  return String(number).padStart(20, '0');
};

/** The number in a log entry's key, or null for a key that is not a log entry (a foreign file). */
export function logNumber(key: string): number | null {
  const match = /\/(\d{20})\.json$/.exec(key);
  const number = Number(match?.[1]);
  return Number.isSafeInteger(number) ? number : null;
}

/**
 * The numbers of the entries directly under `prefix`, ascending, and the first one that is missing
 * in each gap: to look at every entry of a log and at its holes, without counting up to whatever
 * number somebody put there.
 */
export function numbersToLookAt(keys: readonly string[], prefix: string): number[] {
  const direct = keys.filter(
    (key) => key.startsWith(prefix) && key.lastIndexOf('/') === prefix.length - 1,
  );
  // A log starts at 1.
  const present = new Set(direct.flatMap((key) => logNumber(key) || []));
  const ascending = [...present].sort((a, b) => a - b);
  const last = ascending.at(-1) ?? 0;
  const missing = [0, ...ascending]
    .map((number) => number + 1)
    .filter((number) => number < last && !present.has(number));
  return [...ascending, ...missing].sort((a, b) => a - b);
}

/**
 * A moment as entries carry it in their keys: their order is that of time. @param ms UTC epoch
 * milliseconds
 */
export const stamp = (ms: number): string => new Date(ms).toISOString().replace(/[-:.]/g, '');

/** The folder of a domain. */
const of = (kind: string, domain: string) => `${kind}/${segment(domain, 'domain name')}`;

export const objectKeys = {
  features: (domain: string) => `${of('features', domain)}/`,
  featureData: (domain: string, sha256: string) =>
    `${of('features', domain)}/data/${segment(sha256, 'hash')}.parquet`,
  segmentIndex: (domain: string, sha256: string) =>
    `${of('features', domain)}/pieces/${segment(sha256, 'hash')}.json`,
  featureLog: (domain: string) => `${of('features', domain)}/log/`,
  manifest: (domain: string, number: number) =>
    `${of('features', domain)}/log/${numbered(number)}.json`,
  online: (domain: string, snapshotVersion: string) =>
    `${of('features', domain)}/online/${segment(snapshotVersion, 'snapshot version')}.bin`,
  /** @param number of the snapshot that it was written for */
  viewRange: (domain: string, number: number, sha256: string) =>
    `${of('features', domain)}/online/${number}-${segment(sha256, 'hash')}.bin`,
  report: (domain: string, sha256: string) =>
    `${of('features', domain)}/reports/${segment(sha256, 'hash')}.json`,
  quarantine: (domain: string) => `${of('quarantine', domain)}/`,
  quarantined: (domain: string, time: string, sha256: string) =>
    `${of('quarantine', domain)}/${segment(time, 'time')}-${segment(sha256, 'hash')}.json`,
  collectionLog: (domain: string) => `${of('features', domain)}/collections/`,
  collection: (domain: string, number: number) =>
    `${of('features', domain)}/collections/${numbered(number)}.json`,
  witnesses: (domain: string) => `${of('witness', domain)}/`,
  promotionWitnesses: (domain: string) => `${of('models', domain)}/witness/`,
  /** @param folder that of the witnesses of a log */
  witness: (folder: string, number: number, commitId: string) =>
    `${folder}${numbered(number)}-${segment(commitId, 'commit id')}.json`,
  models: (domain: string) => `${of('models', domain)}/`,
  modelFile: (
    domain: string,
    modelVersion: string,
    file: 'model.json' | 'weights.bin' | 'card.json',
  ) => `${of('models', domain)}/${segment(modelVersion, 'model version')}/${file}`,
  promotionLog: (domain: string) => `${of('models', domain)}/promotions/`,
  promotion: (domain: string, number: number) =>
    `${of('models', domain)}/promotions/${numbered(number)}.json`,
  verdictChart: (domain: string, sha256: string) =>
    `${of('models', domain)}/verdicts/${segment(sha256, 'hash')}.svg`,
  actuals: (domain: string) => `${of('actuals', domain)}/`,
  actualsEntry: (domain: string, sha256: string) =>
    `${of('actuals', domain)}/${segment(sha256, 'hash')}.json`,
  checkpoints: (domain: string) => `${of('replay', domain)}/`,
  checkpoint: (domain: string, number: number) =>
    `${of('replay', domain)}/${numbered(number)}.json`,
  monitoring: (domain: string) => `${of('monitoring', domain)}/`,
  checks: (domain: string) => `${of('monitoring', domain)}/log/`,
  check: (domain: string, number: number) =>
    `${of('monitoring', domain)}/log/${numbered(number)}.json`,
  checkStates: (domain: string) => `${of('monitoring', domain)}/state/`,
  checkState: (domain: string, at: number, sha256: string) =>
    `${of('monitoring', domain)}/state/${stamp(at)}-${sha256}.json.gz`,
  overviews: (domain: string) => `${of('published', domain)}/overview/`,
  overview: (domain: string, at: number, sha256: string) =>
    `${of('published', domain)}/overview/${stamp(at)}-${segment(sha256, 'hash')}.json.gz`,
  records: (domain: string) => `${of('published', domain)}/record/`,
  recordDay: (domain: string, day: number) => `${of('published', domain)}/record/${stamp(day)}/`,
  recordPart: (
    domain: string,
    part: { readonly day: number; readonly scoredAt: number; readonly part: string },
    sha256: string,
  ) =>
    `${of('published', domain)}/record/${stamp(part.day)}/${stamp(part.scoredAt)}-` +
    `${segment(part.part, 'part')}-${segment(sha256, 'hash')}.json.gz`,
  scores: (domain: string) => `${of('scores', domain)}/`,
  score: (
    domain: string,
    name: Readonly<Record<'day' | 'scoredAt' | 'truth' | 'content', string>>,
  ) =>
    `${of('scores', domain)}/${segment(name.day, 'day')}-${segment(name.scoredAt, 'time')}-` +
    `${segment(name.truth, 'hash')}-${segment(name.content, 'hash')}.json.gz`,
  forecasts: (domain: string) => `${of('forecasts', domain)}/`,
  forecast: (domain: string, issued: string, sha256: string) =>
    `${of('forecasts', domain)}/${segment(issued, 'issue time')}-${segment(sha256, 'hash')}.json`,
  ledgerData: (domain: string) => `${of('forecasts', domain)}/data/`,
  ledgerPart: (domain: string, sha256: string) =>
    `${of('forecasts', domain)}/data/${segment(sha256, 'hash')}.parquet`,
  ledgerLog: (domain: string) => `${of('forecasts', domain)}/log/`,
  ledgerEntry: (domain: string, number: number) =>
    `${of('forecasts', domain)}/log/${numbered(number)}.json`,
  streams: (domain: string) => `${of('streams', domain)}/`,
  stream: (domain: string, topic: string) => `${of('streams', domain)}/${segment(topic, 'topic')}/`,
  streamLog: (domain: string, topic: string) =>
    `${of('streams', domain)}/${segment(topic, 'topic')}/log/`,
  streamEntry: (domain: string, topic: string, number: number) =>
    `${of('streams', domain)}/${segment(topic, 'topic')}/log/${numbered(number)}.json`,
  streamSegment: (domain: string, topic: string, sha256: string) =>
    `${of('streams', domain)}/${segment(topic, 'topic')}/data/${segment(sha256, 'hash')}.parquet`,
  decisions: (domain: string) => `${of('decisions', domain)}/`,
  decision: (domain: string, number: number) =>
    `${of('decisions', domain)}/${numbered(number)}.json`,
  keySets: (domain: string) => `${of('keys', domain)}/`,
  keySet: (domain: string, number: number) => `${of('keys', domain)}/${numbered(number)}.json`,
  jobs: (domain: string) => `${of('jobs', domain)}/`,
  jobLog: (domain: string, job: string) => `${of('jobs', domain)}/${segment(job, 'job name')}/`,
  jobEntry: (domain: string, job: string, number: number) =>
    `${of('jobs', domain)}/${segment(job, 'job name')}/${numbered(number)}.json`,
  figures: (domain: string) => `${of('figures', domain)}/`,
  figuresEntry: (domain: string, number: number) =>
    `${of('figures', domain)}/${numbered(number)}.json`,
  alerts: (domain: string) => `${of('alerts', domain)}/`,
  alertEntry: (domain: string, number: number) =>
    `${of('alerts', domain)}/${numbered(number)}.json`,
};

const CONTENT_HASH = new RegExp(HASH_PATTERN);

/**
 * The SHA-256 that a key names its object by; null where it is named otherwise. An entry of actuals
 * is named by what makes it the same post, which is not its bytes.
 */
export function hashInKey(key: string): string | null {
  if (key.startsWith('actuals/')) return null;
  const name = posix.basename(key).replace(/\.[a-z]+$/, '');
  const last = name.slice(-64);
  return CONTENT_HASH.test(last) && (name === last || name.at(-65) === '-') ? last : null;
}

/** Refuses a key that could leave the store: for stores to call on every key they are handed. */
export function checkKey(key: string): string {
  const parts = key.split('/');
  const valid =
    key.length > 0 &&
    key.length <= 512 &&
    parts.every((part) => SEGMENT.test(part) && !part.includes('..'));
  if (valid) return key;
  throw new HeadwayError('KEY_INVALID', `${JSON.stringify(key)} is not a valid object key`, {
    fix:
      'Keys come from storage/objects/object-keys.ts: relative, with no empty, "." or ' +
      '".." segment.',
  });
}

/** A folder of keys: empty for all, or a key and a slash. */
export function checkPrefix(prefix: string): void {
  if (prefix === '') return;
  if (!prefix.endsWith('/'))
    throw new HeadwayError(
      'KEY_INVALID',
      `the prefix ${JSON.stringify(prefix)} does not end in a slash`,
      { fix: 'Add the slash: objects are listed by folders.' },
    );
  checkKey(prefix.slice(0, -1));
}

export function isKey(key: string): boolean {
  try {
    return checkKey(key) === key;
  } catch {
    return false;
  }
}
