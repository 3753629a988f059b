/**
 * Purpose: the manifest as a log entry: its schema, its checks, and its bytes.
 * Invariants: a manifest is validated before it is written and again after it is read.
 * Fails: STORE_CORRUPT with the key for anything that is not a manifest of this format;
 * PANEL_INVALID for a manifest that no reader would accept.
 */

import { HeadwayError } from '../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../platform/files/checksummed-json.ts';
import { HASH_PATTERN, sha256 } from '../../platform/files/content-hash.ts';
import {
  lazyValidator,
  record,
  schemaProblem,
  type Validator,
} from '../../platform/settings/validator.ts';
import { compareText } from '../../platform/text/compare-text.ts';
import { objectKeys } from '../objects/object-keys.ts';
import {
  type FeatureObject,
  type FeaturePack,
  isRanged,
  type Manifest,
  type ManifestFormat,
  type OnlineView,
  type SegmentFile,
  type TimeSpan,
} from './manifest.ts';

/**
 * Without packs, with them, and with a view in ranges: a snapshot that needs neither is written as
 * it always was.
 */
export const MANIFEST_FORMAT = 1;
const PACKED_FORMAT = 2;
const RANGED_FORMAT = 3;

/**
 * Of one object: a thousand years of hours, nineteen of minutes. Beyond, a reader would only run
 * out of memory.
 */
const MAX_INTERVALS = 10_000_000;

const text = { type: 'string', minLength: 1 };
const count = { type: 'integer', minimum: 0 };
const epochMs = { type: 'integer', minimum: -8.64e15, maximum: 8.64e15 };
const hash = { type: 'string', pattern: HASH_PATTERN };
const span = record({ start: epochMs, end: epochMs });
const featureSchema = record({
  frequencyMinutes: { type: 'integer', minimum: 1 },
  missing: { enum: ['zero', 'unknown'] },
  unit: { type: 'string' },
  timeZone: text,
});
const account = {
  rowsIn: count,
  rowsUsed: count,
  rejected: { type: 'object', additionalProperties: count },
};
const data = {
  key: text,
  sha256: hash,
  bytes: count,
  rows: count,
  span,
  availableAt: epochMs,
  feed: text,
  ...account,
};
const featureObject = record({ ...data, part: text, fingerprint: text });
const featurePack = record({
  ...data,
  pieces: record({ key: text, sha256: hash, bytes: count, count }),
});

const viewObject = { key: text, sha256: hash, bytes: count };
const wholeView = { anyOf: [record({ ...viewObject, span }), { type: 'null' }] };
const rangedView = record({
  span,
  ranges: {
    type: 'array',
    minItems: 2,
    items: record({
      ...{ ...viewObject, series: { type: 'integer', minimum: 1 }, first: text },
      observed: { anyOf: [epochMs, { type: 'null' }] },
    }),
  },
});

const manifestOf = (format: number, more: Record<string, object>) =>
  record({
    format: { const: format },
    domain: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
    number: { type: 'integer', minimum: 1 },
    snapshotVersion: { type: 'string', pattern: '^[1-9][0-9]*-[0-9a-f]{12}$' },
    parent: { anyOf: [text, { type: 'null' }] },
    commitId: text,
    committedAt: epochMs,
    reason: text,
    schema: featureSchema,
    objects: { type: 'array', items: featureObject },
    online: wholeView,
    ...more,
    report: { anyOf: [text, { type: 'null' }] },
  });
const plainValidator = lazyValidator(manifestOf(MANIFEST_FORMAT, {}));
const packedValidator = lazyValidator(
  manifestOf(PACKED_FORMAT, { packs: { type: 'array', minItems: 1, items: featurePack } }),
);
const rangedValidator = lazyValidator(
  manifestOf(RANGED_FORMAT, { packs: { type: 'array', items: featurePack }, online: rangedView }),
);
const validatorOf = (value: unknown) => {
  const format = (value as Manifest | null)?.format;
  if (format === RANGED_FORMAT) return rangedValidator;
  return format === PACKED_FORMAT ? packedValidator : plainValidator;
};
const validator: Validator = {
  Check: (value) => validatorOf(value).Check(value),
  Errors: (value) => validatorOf(value).Errors(value),
};

/** The format in which a manifest is written. */
export function formatOf({ packs, online }: Pick<Manifest, 'packs' | 'online'>): ManifestFormat {
  if (online !== null && isRanged(online)) return RANGED_FORMAT;
  return packs.length > 0 ? PACKED_FORMAT : MANIFEST_FORMAT;
}

/**
 * The version of the snapshot that a manifest names. The online view counts by its content: its key
 * holds this version.
 */
export function snapshotVersionOf(manifest: Omit<Manifest, 'snapshotVersion'>): string {
  const { format, domain, number, parent, schema, packs, objects, online, report } = manifest;
  const packed = packs.map((p) => [
    p.sha256,
    p.span.start,
    p.span.end,
    p.availableAt,
    p.feed,
    p.segments.sha256,
    p.segments.count,
  ]);
  const named = [
    [format, domain, number, parent, report],
    [schema.frequencyMinutes, schema.missing, schema.unit, schema.timeZone],
    objects.map((o) => [
      o.sha256,
      o.span.start,
      o.span.end,
      o.availableAt,
      o.feed,
      o.part,
      o.fingerprint,
    ]),
    online && [namedOf(online), online.span.start, online.span.end],
    ...(format === MANIFEST_FORMAT ? [] : [packed]),
  ];
  return `${number}-${sha256(JSON.stringify(named)).slice(0, 12)}`;
}

/** What counts of a view, besides its span. */
const namedOf = (view: OnlineView) =>
  isRanged(view)
    ? view.ranges.map(({ sha256, series, first, observed }) => [sha256, series, first, observed])
    : view.sha256;

/** What is wrong with an object's span, or null: spans are not empty and lie on one grid. */
export function spanProblem(
  object: { span: TimeSpan },
  first: { span: TimeSpan },
  frequencyMinutes: number,
): string | null {
  const step = frequencyMinutes * 60_000;
  const { start, end } = object.span;
  if (!(start < end)) return `a span must not be empty (${start} to ${end})`;
  if (start % 60_000 !== 0) return `a span must start at a whole minute (${start})`;
  if ((start - first.span.start) % step !== 0 || (end - start) % step !== 0) {
    return `the span ${start} to ${end} is not on the grid of ${frequencyMinutes} minutes`;
  }
  if ((end - start) / step > MAX_INTERVALS)
    return `the span ${start} to ${end} has more than ${MAX_INTERVALS} intervals`;
  return null;
}

/** What is wrong with the account of an object's raw rows, or null. */
export function accountProblem(
  object: Pick<FeatureObject, 'rowsIn' | 'rowsUsed' | 'rejected'>,
): string | null {
  const rejected = Object.values(object.rejected).reduce((sum, rows) => sum + rows, 0);
  if (object.rowsIn === object.rowsUsed + rejected) return null;
  return `rows do not add up: ${object.rowsIn} in, ${object.rowsUsed} used, ${rejected} rejected`;
}

/**
 * What a manifest says that cannot be true, or null. Keys follow from content, so that none can
 * point elsewhere.
 */
function problemIn(manifest: Manifest): string | null {
  const { domain, packs, objects, online, report, schema } = manifest;
  if (manifest.format !== formatOf(manifest)) return 'its format is not the one for what it holds';
  const first = packs[0] ?? objects[0];
  for (const { segments } of packs) {
    if (segments.key !== objectKeys.segmentIndex(domain, segments.sha256))
      return `${segments.key} is not the key of that hash`;
  }
  for (const object of [...packs, ...objects]) {
    const problem = spanProblem(object, first, schema.frequencyMinutes) ?? accountProblem(object);
    if (problem !== null) return `${object.key}: ${problem}`;
    if (object.key !== objectKeys.featureData(domain, object.sha256))
      return `${object.key} is not the key of that hash`;
  }
  if (manifest.snapshotVersion !== snapshotVersionOf(manifest))
    return 'its version is not the hash of what it names';
  const viewProblem = online && problemInView(manifest, online);
  if (viewProblem) return viewProblem;
  if (report !== null && report !== objectKeys.report(domain, reportHash(report)))
    return `${report} is not a report`;
  return null;
}

/** A range may be that of an earlier snapshot: a compaction changes none. */
function problemInView(
  { domain, number, snapshotVersion }: Manifest,
  view: OnlineView,
): string | null {
  if (!isRanged(view))
    return view.key === objectKeys.online(domain, snapshotVersion)
      ? null
      : `${view.key} is not its online view`;
  for (const [i, { key, sha256, first }] of view.ranges.entries()) {
    const writtenFor = Number(/\/([1-9]\d{0,15})-[0-9a-f]{64}\.bin$/.exec(key)?.[1] ?? 0);
    const isNamed = key === objectKeys.viewRange(domain, writtenFor, sha256);
    if (!isNamed || writtenFor > number) return `${key} is not a range of its online view`;
    const before = view.ranges[i - 1];
    if (before && compareText(before.first, first) >= 0) return `${key} is out of order`;
  }
  return null;
}

/** The hash that a report's key is made of. */
export const reportHash = (key: string): string => /([0-9a-f]{64})\.json$/.exec(key)?.[1] ?? 'none';

/** A manifest as it is stored: a pack calls its segments `pieces`. */
type Stored = Omit<Manifest, 'packs'> & {
  readonly packs?: readonly (Omit<FeaturePack, 'segments'> & { readonly pieces: SegmentFile })[];
};

/** The manifest in `bytes`, which were read from `key`. */
export function parseManifest(key: string, bytes: Uint8Array): Manifest {
  const { packs = [], ...plain } = decodeChecksummedJson(
    key,
    bytes,
    validator,
    'STORE_CORRUPT',
  ) as Stored;
  const manifest = {
    ...plain,
    packs: packs.map(({ pieces, ...pack }) => ({ ...pack, segments: pieces })),
  };
  let problem: string | null;
  try {
    const own = objectKeys.manifest(manifest.domain, manifest.number);
    problem = key === own ? problemIn(manifest) : `it was written as ${own}`;
  } catch (error) {
    // A name in it that cannot even be made a key.
    problem = (error as Error).message;
  }
  if (problem === null) return manifest;
  throw new HeadwayError('STORE_CORRUPT', `The manifest contradicts itself: ${problem}`, {
    where: key,
    fix: 'Restore it from a backup of the store.',
  });
}

/**
 * The bytes to write. Fails with PANEL_INVALID: a manifest that no reader would take is never
 * written.
 */
export function serialiseManifest(manifest: Manifest): Uint8Array {
  const { packs, ...plain } = manifest;
  const stored =
    manifest.format === MANIFEST_FORMAT
      ? plain
      : { ...plain, packs: packs.map(({ segments, ...pack }) => ({ ...pack, pieces: segments })) };
  const problem = schemaProblem(validator, stored) ?? problemIn(manifest);
  if (problem === null) return encodeChecksummedJson(stored);
  throw new HeadwayError('PANEL_INVALID', `This commit cannot be written: ${problem}`, {
    where: `commit ${manifest.number} of ${manifest.domain}`,
    fix: 'Fix the code that passes it to the feature store; nothing was committed.',
  });
}
