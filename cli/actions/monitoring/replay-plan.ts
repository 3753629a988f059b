/**
 * Purpose: what a replay is, in words: by them a store knows its replay again.
 * Invariants: whatever changes what a replay does is in it: span, rhythm, training (steps, test
 * days, every other field of the configuration by its hash), policy, seed, quantiles, and where the
 * data come from. So a replay that is resumed with other settings is refused, and never mixed.
 * Fails: never.
 */
import { sha256 } from '../../../platform/files/content-hash.ts';
import { withoutQuery } from '../../../platform/http/without-query.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import type { ReplayPlan } from '../../../services/monitoring/replay/replay.ts';
import type { TrainingConfig } from '../../../services/training/training-config.ts';

const HOUR_MS = 3_600_000;
/** Of a hash: enough to distinguish the configurations of one person. */
const SHORT = 12;

export interface ReplayIdentity {
  readonly plan: ReplayPlan;
  readonly config: TrainingConfig;
  readonly demandOnly: boolean;
  readonly policyHash: string;
  readonly seed: number;
  readonly quantiles: readonly number[];
  /** Of raw data and of exogenous columns, as the settings name them. */
  readonly source: string | null;
  readonly exogenous: string | null;
  /** The store that the features are read from. */
  readonly store: string;
}

export function planText(identity: ReplayIdentity): string {
  const { plan, config, demandOnly, policyHash, seed, quantiles } = identity;
  const { from, until, everyMs, checkEveryMs } = plan;
  return [
    `${utcText(from)} to ${utcText(until)}`,
    `every ${everyMs / HOUR_MS} h`,
    `checks every ${checkEveryMs / HOUR_MS} h`,
    `steps ${config.fit.steps}`,
    `test days ${config.testDays}`,
    `config ${sha256(JSON.stringify(config)).slice(0, SHORT)}${demandOnly ? ', demand only' : ''}`,
    `policy ${policyHash}`,
    `seed ${seed}`,
    `quantiles ${quantiles.join(' ')}`,
    `source ${shown(identity.source ?? 'none')}`,
    `exogenous ${shown(identity.exogenous ?? 'none')}`,
    `features of ${identity.store}`,
  ].join(', ');
}

/** The part of an address that may be secret by its hash: this text is stored. */
function shown(spec: string): string {
  const open = withoutQuery(spec);
  return open === spec ? spec : `${open} ${sha256(spec).slice(0, SHORT)}`;
}
