/**
 * Purpose: `headway report --week`: a week from the ledger, the checks and the decisions, in plain
 * sentences.
 * Invariants: changes nothing; reads what the stores hold and computes no forecast.
 * Fails: USAGE for a time that cannot be read; STORE_CORRUPT.
 */
import { type WeekFacts, weekReport } from '../../../reports/text/week-report.ts';
import { servedAt } from '../../../storage/decisions/served-at.ts';
import type { CommandContext } from '../../context.ts';
import { timestamp } from '../../flags.ts';

export interface ReportFlags {
  readonly until?: string;
}

const WEEK_MS = 7 * 86_400_000;
/** A report with more decisions in a week is not readable. */
const MAX_DECISIONS = 1000;

export async function reportCommand(
  context: CommandContext,
  { until: asked }: ReportFlags,
): Promise<void> {
  const { clock } = context;
  const until = asked === undefined ? clock.now() : timestamp(asked, '--until');
  const whole = await factsOf(context, until - WEEK_MS, until);
  // What stands now says nothing of a week that is over.
  const { ledger, figures } = whole;
  const past = {
    ledger: { ...ledger, head: null },
    figures: figures && figures.at <= until ? figures : null,
  };
  const facts = asked === undefined ? whole : { ...whole, ...past };
  context.print(weekReport(facts));
  context.printJson(facts);
}

async function factsOf(context: CommandContext, from: number, until: number): Promise<WeekFacts> {
  const inWeek = (at: number) => at >= from && at < until;
  const ledger = await context.ledger();
  const promotions = await (await context.registry()).promotions();
  const decisions = await (await context.decisions()).recent({ at: until, limit: MAX_DECISIONS });
  const checks = await (await context.checks()).entries({ from });
  const sql = 'SELECT count(DISTINCT issued_at)::INTEGER, count(*)::INTEGER FROM ledger';
  const { rows } = await ledger.query({ sql, range: { from, until }, maxRows: 1 });
  const [issueTimes, count] = rows[0] ?? [];
  const served = servedAt(promotions, until);
  const snapshots = await (await context.features()).log();
  // A verdict stands in every check until it ends.
  const drift = new Map(
    checks
      .flatMap(({ verdicts }) => verdicts)
      .filter(({ detectedAt }) => inWeek(detectedAt))
      .map(({ name, detectedAt, message }) => [
        `${name} ${detectedAt} ${message}`,
        { name, detectedAt, message },
      ]),
  );
  return {
    ...{ title: context.domain.title, from, until, served },
    snapshots: snapshots
      .filter(({ committedAt }) => inWeek(committedAt))
      .map(({ snapshotVersion }) => ({ snapshotVersion })),
    promotions: promotions
      .filter(({ at }) => inWeek(at))
      .map(({ at, kind, modelVersion, reason }) => ({ at, kind, modelVersion, reason })),
    ledger: {
      ...{ issueTimes: Number(issueTimes ?? 0), rows: Number(count ?? 0) },
      head: await ledger.head(),
    },
    figures: await (await context.figures()).head(),
    drift: [...drift.values()].sort((a, b) => a.detectedAt - b.detectedAt),
    decisions: decisions
      .filter(({ at }) => inWeek(at))
      .reverse()
      .map(({ number, at, kind, actor, reason }) => ({ number, at, kind, actor, reason })),
  };
}
