/**
 * Purpose: the promotion log of a domain, and the champion that it names.
 * Invariants: a champion is named by the newest entry that promotes or rolls back.
 * Fails: STORE_CORRUPT for a gap or an entry that does not parse.
 */
import type { Clock } from '../../platform/clock.ts';
import { type AppendLog, openAppendLog } from '../log/append-log.ts';
import { writeWitness } from '../log/witness.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import {
  type ChartFile,
  PROMOTION_FORMAT,
  type Promotion,
  parsePromotion,
  serialisePromotion,
} from './promotion.ts';

export type Decision = Pick<Promotion, 'kind' | 'modelVersion' | 'reason'> &
  Partial<Pick<Promotion, 'evidence'>>;

export class PromotionLog {
  readonly #log: AppendLog<Promotion>;
  readonly #domain: string;
  readonly #clock: Clock;
  /** A refusal names no champion: it is read once by a process. */
  readonly #refusals = new Set<number>();

  constructor(store: ObjectStore, domain: string, clock: Clock) {
    this.#domain = domain;
    this.#clock = clock;
    this.#log = openAppendLog<Promotion>(store, {
      prefix: objectKeys.promotionLog(domain),
      keyOf: (number) => objectKeys.promotion(domain, number),
      parse: parsePromotion,
      serialise: serialisePromotion,
      appended: (slot) => writeWitness(store, objectKeys.promotionWitnesses(domain), slot),
    });
  }

  entries(): Promise<Promotion[]> {
    return this.#log.entries();
  }

  async append(
    decide: (number: number) => Promise<Decision | null>,
    chart: ChartFile | null,
  ): Promise<Promotion | null> {
    return this.#log.append(async (_head, { number, commitId }) => {
      const decision = await decide(number);
      if (decision === null) return null;
      const { kind, modelVersion, reason, evidence = null } = decision;
      const about = { domain: this.#domain, number, commitId, at: this.#clock.now() };
      return {
        format: PROMOTION_FORMAT,
        ...about,
        ...{ kind, modelVersion, reason, evidence, picture: chart },
      };
    });
  }

  async before(number: number): Promise<Promotion[]> {
    const past: Promotion[] = [];
    for (let at = 1; at < number; at++) past.push(await this.#log.read(at));
    return past;
  }

  async championBefore(number: number): Promise<Promotion | null> {
    for (let at = number - 1; at >= 1; at--) {
      if (this.#refusals.has(at)) continue;
      const entry = await this.#log.read(at);
      if (entry.kind === 'promoted' || entry.kind === 'rolled-back') return entry;
      this.#refusals.add(at);
    }
    return null;
  }

  async champion(): Promise<Promotion | null> {
    return this.championBefore((await this.#log.size()) + 1);
  }
}
