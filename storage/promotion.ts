/**
 * Purpose: an entry of the promotion log: who became champion, who was refused, on what evidence.
 * Invariants: the log alone says who is champion: the last entry that is not a rejection. Rolling back undoes promotions one
 * by one, as a stack, so that two rollbacks never bring back the model that was rolled back first.
 * Fails: STORE_CORRUPT with the key for an entry that is torn, changed or not of this format.
 */
import { HeadwayError } from '../runtime/errors.ts';
import { objectKeys } from './object-keys.ts';
import { lazyShape, sealJson, shapeProblem, unsealJson } from './sealed-json.ts';

export const PROMOTION_FORMAT = 1;

export interface Promotion {
  readonly format: typeof PROMOTION_FORMAT;
  readonly domain: string;
  readonly number: number;
  readonly commitId: string;
  readonly at: number;
  readonly kind: 'promoted' | 'rejected' | 'rolled-back';
  /** The model that the entry is about: the champion from now on, or the challenger that was refused. */
  readonly modelVersion: string;
  /** One line for people. */
  readonly reason: string;
  /** What the decision rested on: the comparison's figures. null where there was none. */
  readonly evidence: unknown;
}

const text = { type: 'string', minLength: 1 };
const properties = {
  format: { const: PROMOTION_FORMAT },
  domain: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
  number: { type: 'integer', minimum: 1 },
  commitId: text,
  at: { type: 'integer' },
  kind: { enum: ['promoted', 'rejected', 'rolled-back'] },
  modelVersion: text,
  reason: { type: 'string' },
  evidence: {},
};
const shape = lazyShape({ type: 'object', additionalProperties: false, required: Object.keys(properties), properties });

export function parsePromotion(key: string, bytes: Uint8Array): Promotion {
  const promotion = unsealJson(key, bytes, shape, 'STORE_CORRUPT') as Promotion;
  const own = objectKeys.promotion(promotion.domain, promotion.number);
  if (key === own) return promotion;
  throw new HeadwayError('STORE_CORRUPT', `This entry was written as ${own}`, { where: key });
}

export function serialisePromotion(promotion: Promotion): Uint8Array {
  const problem = shapeProblem(shape, JSON.parse(JSON.stringify(promotion)));
  if (problem === null) return sealJson(promotion);
  throw new HeadwayError('INTERNAL', `The promotion is not valid: ${problem}`, { where: promotion.modelVersion });
}

/** The entries by which champions reign: the present one last, under it those that rollbacks would bring back. */
export function reigns(entries: readonly Promotion[]): Promotion[] {
  const stack: Promotion[] = [];
  for (const entry of entries) {
    if (entry.kind === 'rejected') continue;
    if (entry.kind === 'rolled-back') {
      stack.pop();
      while (stack.length > 0 && stack[stack.length - 1].modelVersion !== entry.modelVersion) stack.pop();
      if (stack.length > 0) stack.pop();
    }
    stack.push(entry);
  }
  return stack;
}
