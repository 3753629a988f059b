/**
 * Purpose: `headway decisions`: which model served at a time, and what was decided until then.
 * Invariants: does not write to the store; the promotion log says who served, the decision log why.
 * Fails: USAGE for a time that cannot be read; STORE_CORRUPT.
 */
import Table from 'cli-table3';
import { utcText } from '../../../platform/text/utc-text.ts';
import type { DecisionEntry } from '../../../storage/decisions/decision-log.ts';
import { servedAt } from '../../../storage/decisions/served-at.ts';
import type { CommandContext } from '../../context.ts';
import { timestamp } from '../../flags.ts';

export interface DecisionsFlags {
  readonly at?: string;
  readonly limit: number;
}

export async function decisionsCommand(
  context: CommandContext,
  { at: asked, limit }: DecisionsFlags,
): Promise<void> {
  const at = asked === undefined ? null : timestamp(asked, '--at');
  const promotions = await (await context.registry()).promotions();
  const query = at === null ? { limit } : { at, limit };
  const decisions = await (await context.decisions()).recent(query);
  const served = servedAt(promotions, at ?? context.clock.now());
  const when = at === null ? 'now' : `at ${utcText(at)}`;
  context.print(
    served === null
      ? `No model served ${when}.`
      : `${served.modelVersion} served ${when}, since ${utcText(served.since)}: ${served.reason}`,
  );
  context.print(
    decisions.length === 0
      ? 'No decisions: `headway monitor` makes and explains them.'
      : tableOf(decisions),
  );
  context.printJson({ at, served, decisions });
}

function tableOf(decisions: readonly DecisionEntry[]): string {
  const table = new Table({
    head: ['time (UTC)', 'decision', 'by', 'model', 'reason'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [null, null, null, null, 60],
  });
  for (const { at, kind, actor, modelVersion, reason } of decisions)
    table.push([utcText(at), kind, actor, modelVersion ?? '', reason]);
  return table.toString();
}
