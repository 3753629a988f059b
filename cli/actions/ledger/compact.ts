/**
 * Purpose: `headway ledger compact`.
 * Invariants: no forecast is removed; `headway store gc` removes what was merged.
 * Fails: as the ledger does.
 */
import type { CommandContext } from '../../context.ts';

export interface CompactFlags {
  readonly oldLog?: boolean;
}

export async function compactCommand(context: CommandContext, flags: CompactFlags): Promise<void> {
  const ledger = await context.ledger();
  const done = await ledger.compact({
    now: context.clock.now(),
    looksForOldLog: flags.oldLog === true,
  });
  context.printJson(done);
  if (done.moved > 0) context.print(`Moved ${done.moved} entries of the old forecast log.`);
  if (done.replaced > 0)
    context.print(`Merged ${done.replaced} files into ${done.parts}: ${done.rows} rows.`);
  else if (done.moved === 0) context.print('There is nothing to merge.');
  if (done.overtaken > 0)
    context.print(`${done.overtaken} periods were merged by another run at the same time.`);
}
