/**
 * Purpose: the model card: what a model is, what it was made from, how good it was, and the hashes
 * of its files.
 * Invariants: written last, so that a model without a card does not exist; checksummed, so that no
 * bit of it changes unseen. Cards of format 1 (which lack a build environment) and of format 2
 * (which hold neither evidence nor a refit) are read as what they are.
 * Fails: MODEL_CORRUPT with the key for a card that is torn, changed or not of this format.
 */
import { HeadwayError } from '../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../platform/files/checksummed-json.ts';
import { HASH_PATTERN } from '../../platform/files/content-hash.ts';
import { lazyValidator, record, schemaProblem } from '../../platform/settings/validator.ts';
import type { BuildEnvironment } from '../../platform/tensorflow/build-environment.ts';
import { objectKeys } from '../objects/object-keys.ts';

export const MODEL_FORMAT = 3;

export interface ModelFile {
  readonly sha256: string;
  readonly bytes: number;
}

/** What a model that was fitted on all data says of the one that was scored. */
export interface Refit {
  /** The model of the same recipe that the metrics and the verdict are of. */
  readonly twin: string;
  /** What was checked before the refit was served; each of them holds. */
  readonly checks: readonly string[];
}

export interface ModelCard {
  readonly format: 1 | 2 | typeof MODEL_FORMAT;
  /** "<YYYYMMDDTHHMMSSZ>-<first 12 hex digits of the hash of the card and its files>". */
  readonly modelVersion: string;
  readonly domain: string;
  readonly createdAt: number;
  /**
   * With the next three, exactly the data it was trained on: `readAsOf` gives that panel again, and
   * its hash shows it.
   */
  readonly snapshotVersion: string;
  /** null: everything in the snapshot. */
  readonly knownAt: number | null;
  readonly trainingCutoff: number;
  readonly panelHash: string;
  readonly forecaster: string;
  /**
   * The training configuration, whole; `exogenous`, the columns it reads; `warmStart`, the model it
   * went on from, if any.
   */
  readonly config: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly backend: string;
  /** null if it was not recorded. */
  readonly madeWith: BuildEnvironment | null;
  readonly trainingSeconds: number;
  readonly quantiles: readonly number[];
  readonly horizon: number;
  /** Of the model itself, or of its twin where it is a refit. */
  readonly metrics: unknown;
  /** The verdict of the gate with every comparison; null where there was none. */
  readonly evidence: unknown;
  /** null for a model that was scored itself. */
  readonly refit: Refit | null;
  readonly files: { readonly 'model.json': ModelFile; readonly 'weights.bin': ModelFile };
}

export interface LoadedModel {
  readonly card: ModelCard;
  readonly model: unknown;
  readonly weights: Uint8Array;
}

const text = { type: 'string', minLength: 1 };
const file = record({
  sha256: { type: 'string', pattern: HASH_PATTERN },
  bytes: { type: 'integer', minimum: 0 },
});

const first = {
  format: { const: 1 },
  modelVersion: { type: 'string', pattern: '^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{12}$' },
  domain: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
  createdAt: { type: 'integer' },
  snapshotVersion: text,
  knownAt: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
  trainingCutoff: { type: 'integer' },
  panelHash: text,
  forecaster: text,
  config: { type: 'object' },
  seed: { type: 'number' },
  backend: text,
  trainingSeconds: { type: 'number', minimum: 0 },
  quantiles: { type: 'array', minItems: 1, items: { type: 'number', minimum: 0, maximum: 1 } },
  horizon: { type: 'integer', minimum: 1 },
  metrics: {},
  files: record({ 'model.json': file, 'weights.bin': file }),
};
const second = {
  ...first,
  format: { const: 2 },
  madeWith: {
    anyOf: [
      record({ node: text, tensorflow: text, timeZones: text, platform: text }),
      { type: 'null' },
    ],
  },
};
const third = {
  ...second,
  format: { const: MODEL_FORMAT },
  evidence: {},
  refit: {
    anyOf: [record({ twin: text, checks: { type: 'array', items: text } }), { type: 'null' }],
  },
};
const validator = lazyValidator({ anyOf: [record(first), record(second), record(third)] });
const written = lazyValidator(record(third));

export function parseModelCard(key: string, bytes: Uint8Array): ModelCard {
  const card = {
    ...{ madeWith: null, evidence: null, refit: null },
    ...(decodeChecksummedJson(key, bytes, validator, 'MODEL_CORRUPT') as Partial<ModelCard>),
  } as ModelCard;
  const own = objectKeys.modelFile(card.domain, card.modelVersion, 'card.json');
  if (key === own) return card;
  throw new HeadwayError('MODEL_CORRUPT', `This card was written as ${own}`, { where: key });
}

export function serialiseModelCard(card: ModelCard): Uint8Array {
  const problem = schemaProblem(written, JSON.parse(JSON.stringify(card)));
  if (problem === null) return encodeChecksummedJson(card);
  throw new HeadwayError('INTERNAL', `The model card is not valid: ${problem}`, {
    where: card.modelVersion,
  });
}
