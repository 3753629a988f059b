/**
 * Purpose: the append-only log of decisions about the models of a domain: what was decided, when,
 * by whom and why, and what was served before and after.
 * Invariants: the log explains; the promotion log alone says who is champion, and an entry names
 * the promotion that it explains. `reason` is one sentence for people, `evidence` the figures that
 * it rests on. Entries are as storage/log/timed-log.ts has them.
 * Fails: as storage/log/timed-log.ts.
 */
import { type Numbered, openTimedLog, type TimedQuery } from '../log/timed-log.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { StoreReport } from '../store-report.ts';

export const DECISION_FORMAT = 1;

/**
 * `challenge`: a new model runs in shadow. `reject`: a challenger is not served. `keep`: something
 * was considered and not done.
 */
export const DECISION_KINDS = [
  'retrain',
  'refit',
  'challenge',
  'promote',
  'reject',
  'rollback',
  'keep',
] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];

/** Who decided: the policy, a scheduled training with its gate, or a person. */
export const DECISION_ACTORS = ['policy', 'schedule', 'person'] as const;
export type DecisionActor = (typeof DECISION_ACTORS)[number];

/** What a writer says of a decision. */
export interface DecisionDraft {
  readonly at: number;
  readonly kind: DecisionKind;
  readonly actor: DecisionActor;
  /** The model that it is about; null where there is none yet. */
  readonly modelVersion: string | null;
  /** What was served before and after; null: no model. */
  readonly before: string | null;
  readonly after: string | null;
  readonly reason: string;
  readonly evidence: unknown;
  /** Of the policy that decided; null where none did. */
  readonly policyHash: string | null;
  /** The entry of the promotion log that it explains; null where the champion stays. */
  readonly promotion: number | null;
}

export type DecisionEntry = Numbered<DecisionDraft>;

export interface DecisionLog {
  append(draft: DecisionDraft): Promise<DecisionEntry>;
  /**
   * Appends what `build` makes of the newest entry; null from `build` appends nothing. Built again
   * where another writer was first.
   */
  appendIf(
    build: (head: DecisionEntry | null) => Promise<DecisionDraft | null>,
  ): Promise<DecisionEntry | null>;
  /** Newest first: decided at `at` or before. */
  recent(query?: TimedQuery): Promise<DecisionEntry[]>;
  verify(): Promise<StoreReport>;
}

const text = { type: 'string', minLength: 1 };
const optionalText = { anyOf: [text, { type: 'null' }] };
const fields = {
  kind: { enum: DECISION_KINDS },
  actor: { enum: DECISION_ACTORS },
  modelVersion: optionalText,
  before: optionalText,
  after: optionalText,
  reason: text,
  evidence: {},
  policyHash: optionalText,
  promotion: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }] },
};

export function openDecisionLog(options: { store: ObjectStore; domain: string }): DecisionLog {
  const { store, domain } = options;
  const log = openTimedLog<DecisionDraft>({
    ...{ store, domain, fields, what: 'decision', format: DECISION_FORMAT },
    prefix: objectKeys.decisions(domain),
    keyOf: (number) => objectKeys.decision(domain, number),
  });
  return {
    append: async (draft) => (await log.append(async () => draft)) as DecisionEntry,
    appendIf: (build) => log.append(build),
    recent: (query) => log.recent(query),
    verify: () => log.verify(),
  };
}
