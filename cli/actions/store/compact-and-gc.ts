/**
 * Purpose: `headway store compact` and `headway store gc`: keep the store small; remove only
 * unreferenced objects.
 * Invariants: gc changes nothing without --delete; it never touches a forecast that is not in
 * another object too.
 * Fails: as the feature store and the registry do; nothing is removed where a card or a manifest
 * cannot be read.
 */
import Table from 'cli-table3';
import type { Garbage } from '../../../storage/features/garbage/feature-gc.ts';
import { collectActuals } from '../../../storage/forecasts/actuals-gc.ts';
import { collectLedger } from '../../../storage/ledger/ledger-gc.ts';
import { collectWitnesses } from '../../../storage/log/witness.ts';
import { collectModels, snapshotsOfModels } from '../../../storage/models/model-gc.ts';
import { objectKeys } from '../../../storage/objects/object-keys.ts';
import type { CommandContext } from '../../context.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface GcFlags {
  delete?: boolean;
  graceDays: number;
  keepDays: number;
  keepSnapshots: number;
}

export async function storeCompact(context: CommandContext): Promise<void> {
  const features = await context.features();
  const before = await features.head();
  const after = await features.compact();
  context.printJson({
    before: before?.snapshotVersion ?? null,
    after: after?.snapshotVersion ?? null,
  });
  if (!before || !after) return context.print('No snapshots yet: run `headway features run`.');
  if (before.snapshotVersion === after.snapshotVersion)
    return context.print('There is nothing to merge.');
  const count = ({ packs, objects }: typeof after) => packs.length + objects.length;
  context.print(
    `Snapshot ${after.snapshotVersion}: merged ${count(before)} files into ${count(after)}.`,
  );
}

export async function storeGc(context: CommandContext, flags: GcFlags): Promise<void> {
  const store = await context.store();
  const remove = flags.delete === true;
  const graceMs = flags.graceDays * DAY_MS;
  const before = context.clock.now() - graceMs;
  const namedByModels = await snapshotsOfModels(store, context.domain.name);
  const { keepSnapshots, keepDays } = flags;
  const request = { graceMs, keepSnapshots, keepMs: keepDays * DAY_MS, namedByModels, remove };
  const features = await (await context.features()).gc(request);
  const models = await collectModels(store, context.domain.name, { before, remove });
  const retention = context.clock.now() - context.settings.actualsDays * DAY_MS;
  const actuals = await collectActuals(store, context.domain.name, { before: retention, remove });
  const witnesses: Garbage[] = [];
  for (const folder of [objectKeys.witnesses, objectKeys.promotionWitnesses])
    witnesses.push(...(await collectWitnesses(store, folder(context.domain.name), { remove })));
  const ledger = await collectLedger(store, context.domain.name, { before, remove });
  const garbage = [...features.garbage, ...models, ...actuals, ...witnesses, ...ledger];
  context.printJson({ ...features, garbage, removed: remove });

  const kept = features.snapshots - features.upTo + features.neededByModels.length;
  const forModels = features.neededByModels.length;
  context.print(`Keeping ${kept} of ${features.snapshots} snapshots (${forModels} for models).`);
  for (const version of features.lostToModels)
    context.print(`Snapshot ${version} of a model had already been removed.`);
  if (garbage.length === 0) return context.print('There are no unreferenced objects.');
  context.print(table(garbage, remove));
  if (!remove) context.print('Nothing was removed. Add --delete to remove.');
  else if (garbage.some(({ action }) => action === 'tombstone')) {
    context.print(
      'Marked objects are removed by a run in an hour or later, if still unreferenced.',
    );
  }
}

function table(garbage: readonly Garbage[], removed: boolean): string {
  const rows = new Map<string, { count: number; bytes: number; cells: [string, string] }>();
  for (const { action, reason, bytes } of garbage) {
    const words = {
      remove: removed ? 'removed' : 'to be removed',
      tombstone: removed ? 'marked for removal' : 'to be marked for removal',
    };
    const row = rows.get(action + reason) ?? {
      count: 0,
      bytes: 0,
      cells: [words[action], reason] as [string, string],
    };
    rows.set(action + reason, { ...row, count: row.count + 1, bytes: row.bytes + bytes });
  }
  const made = new Table({
    head: ['action', 'reason', 'objects', 'MB'],
    style: { head: [], border: [] },
  });
  for (const { cells, count, bytes } of rows.values())
    made.push([...cells, count, (bytes / 1e6).toFixed(1)]);
  return made.toString();
}
