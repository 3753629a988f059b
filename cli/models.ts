/**
 * Purpose: `headway models list | promote | rollback`.
 * Invariants: every change of champion is an entry in the append-only log, with its reason.
 * Fails: MODEL_NOT_FOUND, MODEL_CORRUPT, NO_CHAMPION.
 */
import Table from 'cli-table3';
import type { CommandContext } from './context.ts';

export async function listModels(context: CommandContext): Promise<void> {
  const registry = await context.registry();
  const [cards, champion, promotions] = [await registry.list(), await registry.champion(), await registry.promotions()];
  const verdicts = new Map(promotions.map((entry) => [entry.modelVersion, entry]));
  const table = new Table({
    head: ['', 'model', 'snapshot', 'backend', 'seconds', 'MAE', 'verdict'],
    style: { head: [], border: [] },
  });
  for (const card of cards) {
    const mae = (card.metrics as { all?: { network?: { mae?: number } } } | null)?.all?.network?.mae;
    table.push([
      card.modelVersion === champion?.modelVersion ? '*' : '',
      card.modelVersion,
      card.snapshotVersion,
      card.backend,
      card.trainingSeconds.toFixed(1),
      mae === undefined ? '' : String(mae),
      verdicts.get(card.modelVersion)?.reason ?? '',
    ]);
  }
  context.print(cards.length > 0 ? `${table.toString()}\n* champion` : 'No models yet: run `headway train`.');
  context.printJson({
    champion: champion?.modelVersion ?? null,
    models: cards.map((card) => ({ ...card, verdict: verdicts.get(card.modelVersion) ?? null })),
  });
}

export async function promoteModel(context: CommandContext, modelVersion: string, reason: string): Promise<void> {
  const entry = await (await context.registry()).promote({ modelVersion, reason, evidence: null });
  context.print(`${entry.modelVersion} is champion: ${entry.reason}`);
  context.printJson(entry);
}

export async function rollbackModel(context: CommandContext, reason: string): Promise<void> {
  const entry = await (await context.registry()).rollback(reason);
  context.print(`${entry.modelVersion} is champion again: ${entry.reason}`);
  context.printJson(entry);
}
