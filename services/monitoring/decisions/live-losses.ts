/**
 * Purpose: live losses by block of time, as scoring gives them, and what they say of two
 * forecasters: which one loses more, and how sure that is.
 * Invariants: two forecasters are compared over blocks in which both were scored on the same pairs
 * of forecast and actual, or nearly so; the order in which losses are given changes nothing.
 * Fails: a RangeError for a loss that is negative or no number.
 */
import { type LossPair, testWorse } from '../../../forecasting/evaluation/worse-test.ts';

/** The live loss of one forecaster in one block of time. */
export interface BlockLoss {
  /** UTC start of the block, in milliseconds. */
  readonly start: number;
  readonly forecaster: string;
  /** null: a naive baseline. */
  readonly modelVersion: string | null;
  /** Pairs of a forecast and its actual that were scored. */
  readonly pairs: number;
  /** The mean pinball loss over quantiles and pairs. */
  readonly pinball: number;
  /** Share of actuals inside the 80 % interval; absent where the forecaster has none. */
  readonly covered80?: number;
}

/** A forecaster: a model by its version, a baseline by its name. */
export interface LiveForecaster {
  readonly name: string;
  readonly modelVersion: string | null;
}

/** What a decision shows of a comparison. */
export interface LiveComparison {
  readonly against: string;
  readonly modelVersion: string | null;
  readonly blocks: number;
  readonly from: number;
  readonly until: number;
  readonly pinball: number;
  readonly referencePinball: number;
  /** 1 − loss / loss of the reference: negative where it is worse. */
  readonly skill: number;
  /** Worse with certainty where it reaches the threshold. */
  readonly evidence: number;
  readonly threshold: number;
  readonly margin: number;
  readonly isWorse: boolean;
  /** The last blocks; `day` is the start of each, as stored decisions call it. */
  readonly recent: readonly (LossPair & { readonly day: number })[];
}

export interface ComparisonRequest {
  readonly losses: readonly BlockLoss[];
  readonly forecaster: LiveForecaster;
  readonly reference: LiveForecaster;
  /** Blocks from here on. */
  readonly since: number;
  readonly margin: number;
  readonly level: number;
}

/** Blocks whose pairs differ by a larger share than this are not compared. */
const PAIRED_SHARE = 0.95;
/** As many blocks are shown in the evidence of a decision. */
const SHOWN = 12;

/** null where no block has both. */
export function compareLive(request: ComparisonRequest): LiveComparison | null {
  const { losses, forecaster, reference, since, margin, level } = request;
  const own = blocksOf(losses, forecaster, since);
  const other = blocksOf(losses, reference, since);
  const paired = [...own.values()]
    .flatMap((one) => pairOf(one, other.get(one.start)))
    .sort((a, b) => a.day - b.day);
  const [first, last] = [paired[0], paired.at(-1)];
  if (first === undefined || last === undefined) return null;
  const test = testWorse(paired, { margin, level });
  const { blocks, evidence, meanLoss, meanReference } = test;
  return {
    against: reference.name,
    modelVersion: reference.modelVersion,
    ...{ blocks, from: first.day, until: last.day },
    ...{ pinball: meanLoss, referencePinball: meanReference },
    skill: skillOf(meanLoss, meanReference),
    ...{ evidence, threshold: 1 / level, margin },
    isWorse: test.decidedAt !== null,
    recent: paired.slice(-SHOWN),
  };
}

/** The naive baselines among the losses, in text order. */
export function baselinesIn(losses: readonly BlockLoss[]): LiveForecaster[] {
  const names = losses.flatMap((one) => (one.modelVersion === null ? [one.forecaster] : []));
  return [...new Set(names)].sort().map((name) => ({ name, modelVersion: null }));
}

export const skillOf = (loss: number, reference: number): number =>
  reference > 0 ? 1 - loss / reference : loss > 0 ? Number.NEGATIVE_INFINITY : 0;

/** By start of the block; of two rows of one block the one with more pairs. */
function blocksOf(
  losses: readonly BlockLoss[],
  { name, modelVersion }: LiveForecaster,
  since: number,
): Map<number, BlockLoss> {
  const blocks = new Map<number, BlockLoss>();
  for (const one of losses) {
    const isIt =
      modelVersion === null
        ? one.modelVersion === null && one.forecaster === name
        : one.modelVersion === modelVersion;
    if (!isIt || one.start < since || one.pairs <= 0) continue;
    const known = blocks.get(one.start);
    const isMore =
      known === undefined ||
      one.pairs > known.pairs ||
      (one.pairs === known.pairs && one.pinball < known.pinball);
    if (isMore) blocks.set(one.start, one);
  }
  return blocks;
}

function pairOf(one: BlockLoss, other: BlockLoss | undefined) {
  if (other === undefined) return [];
  const share = Math.min(one.pairs, other.pairs) / Math.max(one.pairs, other.pairs);
  return share < PAIRED_SHARE
    ? []
    : [{ day: one.start, loss: one.pinball, reference: other.pinball }];
}
