/**
 * Purpose: an entry of the promotion log: who became champion, who was refused, on what
 * evidence, with a chart of it.
 * Invariants: the log alone says who is champion: the last entry that changes the champion,
 * which a rejection and an inconclusive verdict do not. Rolling back undoes promotions one by
 * one, as a stack, so that two rollbacks never bring back the model that was rolled back first;
 * one to a model that never reigned (the scored twin of the champion) takes the champion's
 * place. Entries of format 1 (no chart, never inconclusive) are read as what they are.
 * Fails: STORE_CORRUPT with the key for an entry that is torn, changed or not of this format.
 */
import { HeadwayError } from '../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../platform/files/checksummed-json.ts';
import { HASH_PATTERN } from '../../platform/files/content-hash.ts';
import { lazyValidator, record, schemaProblem } from '../../platform/settings/validator.ts';
import { objectKeys } from '../objects/object-keys.ts';

export const PROMOTION_FORMAT = 2;

/** Kinds that leave the champion as it is. */
export type RefusalKind = 'rejected' | 'inconclusive';

/** An SVG chart of the evidence, kept as an object of its own. */
export interface ChartFile {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface Promotion {
  readonly format: 1 | typeof PROMOTION_FORMAT;
  readonly domain: string;
  readonly number: number;
  readonly commitId: string;
  readonly at: number;
  readonly kind: 'promoted' | 'rolled-back' | RefusalKind;
  /**
   * The model that the entry is about: the champion from now on, or the challenger that was
   * refused.
   */
  readonly modelVersion: string;
  /** One line for people. */
  readonly reason: string;
  /** What the decision rested on: the comparison's figures. null where there was none. */
  readonly evidence: unknown;
  /** null where there was none. */
  readonly picture: ChartFile | null;
}

const text = { type: 'string', minLength: 1 };
const first = {
  format: { const: 1 },
  domain: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
  number: { type: 'integer', minimum: 1 },
  commitId: text,
  at: { type: 'integer' },
  kind: { enum: ['promoted', 'rejected', 'rolled-back'] },
  modelVersion: text,
  reason: { type: 'string' },
  evidence: {},
};
const chart = record({
  key: text,
  sha256: { type: 'string', pattern: HASH_PATTERN },
  bytes: { type: 'integer', minimum: 1 },
});
const second = {
  ...first,
  format: { const: PROMOTION_FORMAT },
  kind: { enum: ['promoted', 'rejected', 'inconclusive', 'rolled-back'] },
  picture: { anyOf: [chart, { type: 'null' }] },
};
const validator = lazyValidator({ anyOf: [record(first), record(second)] });
const written = lazyValidator(record(second));

export function parsePromotion(key: string, bytes: Uint8Array): Promotion {
  const promotion = {
    picture: null,
    ...(decodeChecksummedJson(key, bytes, validator, 'STORE_CORRUPT') as Omit<
      Promotion,
      'picture'
    >),
  } as Promotion;
  const { domain, number, picture: file } = promotion;
  const own = objectKeys.promotion(domain, number);
  if (key !== own)
    throw new HeadwayError('STORE_CORRUPT', `This entry was written as ${own}`, { where: key });
  if (file && file.key !== objectKeys.verdictChart(domain, file.sha256))
    throw new HeadwayError(
      'STORE_CORRUPT',
      `It names a chart by a key that is not its own: ${file.key}`,
      { where: key },
    );
  return promotion;
}

export function serialisePromotion(promotion: Promotion): Uint8Array {
  const problem = schemaProblem(written, JSON.parse(JSON.stringify(promotion)));
  if (problem === null) return encodeChecksummedJson(promotion);
  throw new HeadwayError('INTERNAL', `The promotion is not valid: ${problem}`, {
    where: promotion.modelVersion,
  });
}

/**
 * The entries that made champions: the present one last, under it those that rollbacks would bring
 * back.
 */
export function reigns(entries: readonly Promotion[]): Promotion[] {
  const stack: Promotion[] = [];
  for (const entry of entries) {
    if (entry.kind === 'rejected' || entry.kind === 'inconclusive') continue;
    if (entry.kind === 'rolled-back') {
      stack.pop();
      // The twin of a champion never reigned before: it takes its place.
      const last = stack.findLastIndex(({ modelVersion }) => modelVersion === entry.modelVersion);
      if (last >= 0) stack.length = last;
    }
    stack.push(entry);
  }
  return stack;
}
