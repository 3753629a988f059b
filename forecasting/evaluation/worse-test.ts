/**
 * Purpose: does a forecaster lose more than a reference does, as its losses come in? A test that
 * may be looked at after every block of time, for as long as the forecaster serves.
 * Invariants: the hypothesis is that in no block, given all before it, the expected loss exceeds
 * (1 + margin) × the reference's. Under it the chance that the evidence ever reaches 1 / level is
 * `level` at most, however often and until whenever it is looked at (Ville 1939): the evidence is
 * the mean of some wealths, each a product of 1 + bet × gain, where the gain is the excess loss
 * over a scale that keeps it above −1, so that no wealth is negative or expected to grow. The
 * scale is what the reference has lost on average before; it is more in a block in which the
 * reference loses more than that, or the forecaster MAX_GAIN times as much. Those two bounds look
 * at the block itself, and blocks may depend on one another: how often equal forecasters are
 * found to differ then is measured (tests/unit/forecasting/evaluation/worse-test.test.ts).
 * Fails: a RangeError for a loss that is negative or no number.
 * Source: testing by betting (Shafer 2021, JRSS A 184; Waudby-Smith & Ramdas 2024, JRSS B 86); of
 * forecasters, Choe & Ramdas (2024, Operations Research 72).
 */

/** A mixture: which bet is best depends on how much worse the forecaster is. */
const BETS = [0.1, 0.3, 0.5, 0.7, 0.9];
/** What one block counts at most: it must not decide alone. */
const MAX_GAIN = 4;
/** Evidence beyond this says no more. */
const MAX_EVIDENCE = 1e12;

/** The losses of one block of time, over the same pairs of forecast and actual. */
export interface LossPair {
  readonly loss: number;
  readonly reference: number;
}

export interface WorseTest {
  readonly blocks: number;
  readonly meanLoss: number;
  readonly meanReference: number;
  /** The largest evidence so far: below 1 / level with a probability of 1 − level at least. */
  readonly evidence: number;
  /** Index of the block at which the evidence first reached 1 / level; null where it has not. */
  readonly decidedAt: number | null;
}

export interface WorseTestOptions {
  /** How much worse matters to nobody, as a share of the reference's loss. */
  readonly margin: number;
  /** How often a forecaster that is no worse may be found to be. */
  readonly level: number;
}

/** @param pairs oldest first */
export function testWorse(pairs: readonly LossPair[], options: WorseTestOptions): WorseTest {
  const { margin, level } = options;
  let wealth = BETS.map(() => 1);
  let evidence = 1;
  let decidedAt: number | null = null;
  let before = 0;
  for (const [i, pair] of pairs.entries()) {
    const reference = (1 + margin) * pair.reference;
    const gain = gainOf(checked(pair).loss, reference, i === 0 ? reference : before / i);
    before += reference;
    wealth = wealth.map((now, b) => Math.min(MAX_EVIDENCE, now * (1 + (BETS[b] as number) * gain)));
    evidence = Math.max(evidence, mean(wealth));
    if (decidedAt === null && evidence >= 1 / level) decidedAt = i;
  }
  return {
    blocks: pairs.length,
    meanLoss: mean(pairs.map(({ loss }) => loss)),
    meanReference: mean(pairs.map((pair) => pair.reference)),
    evidence,
    decidedAt,
  };
}

/** The excess loss, from −1 to MAX_GAIN. */
function gainOf(loss: number, reference: number, usual: number): number {
  const scale = Math.max(usual, reference, loss / MAX_GAIN);
  return scale === 0 ? 0 : (loss - reference) / scale;
}

function checked(pair: LossPair): LossPair {
  const isLoss = (value: number) => value >= 0 && value < Number.POSITIVE_INFINITY;
  if (isLoss(pair.loss) && isLoss(pair.reference)) return pair;
  throw new RangeError(`a loss is a number from 0 on, got ${pair.loss} and ${pair.reference}`);
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
