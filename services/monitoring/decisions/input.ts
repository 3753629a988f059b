/**
 * Purpose: what decisions are made from, and what they are.
 * Invariants: times are UTC epoch milliseconds; everything is plain data.
 * Fails: never.
 */
import type { DecisionEntry, DecisionKind } from '../../../storage/decisions/decision-log.ts';
import type { Policy } from '../policy.ts';
import type { BlockLoss } from './live-losses.ts';

/** A drift verdict that is open. */
export interface DriftSignal {
  readonly name: string;
  readonly since: number;
  readonly detectedAt: number;
  readonly seriesIds: readonly string[];
  readonly evidence: unknown;
  readonly message: string;
}

export interface Champion {
  readonly modelVersion: string;
  /** Since when it is served. */
  readonly since: number;
  /** The last interval that it has learnt from. */
  readonly trainingCutoff: number;
  /** The scored model that it is a refit of; null where it was scored itself. */
  readonly twin: string | null;
}

export interface Challenger {
  readonly modelVersion: string;
  /** Since when it runs in shadow. */
  readonly since: number;
}

export type PastDecision = Pick<
  DecisionEntry,
  'at' | 'kind' | 'actor' | 'modelVersion' | 'before' | 'after' | 'evidence'
>;

export interface DecideInput {
  readonly now: number;
  readonly policy: Policy;
  readonly champion: Champion | null;
  /** The champion to which a rollback would go; null where there is none. */
  readonly previous: string | null;
  readonly challenger: Challenger | null;
  /** Of all forecasters, paired: each block scores all on the same pairs. */
  readonly losses: readonly BlockLoss[];
  readonly verdicts: readonly DriftSignal[];
  /** When the last training began or a model was made, whoever asked for it; null: never. */
  readonly lastTrainedAt: number | null;
  /** Newest first. */
  readonly recent: readonly PastDecision[];
}

export interface Decision {
  readonly kind: DecisionKind;
  readonly modelVersion: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly reason: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}
