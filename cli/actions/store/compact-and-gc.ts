/**
 * Purpose: `headway store compact` and `headway store gc`: keep the store small without losing
 * anything that is needed.
 * Invariants: gc changes nothing without --delete; it looks at the features and models of one
 * domain, and never at its forecasts.
 * Fails: as the feature store and the registry do; nothing is removed where a card or a manifest
 * that counts cannot be read.
 */
import Table from 'cli-table3';
import type { Garbage } from '../../../storage/features/garbage/feature-gc.ts';
import { collectModels, snapshotsOfModels } from '../../../storage/models/model-gc.ts';
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
    `Snapshot ${after.snapshotVersion}: ${count(before)} files became ${count(after)}. No answer changed.`,
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
  const garbage = [...features.garbage, ...models];
  context.printJson({ ...features, garbage, removed: remove });

  const kept = features.snapshots - features.upTo + features.neededByModels.length;
  context.print(
    `${kept} of ${features.snapshots} snapshots are kept (${features.neededByModels.length} for models).`,
  );
  for (const version of features.lostToModels)
    context.print(`Snapshot ${version} of a model was collected before.`);
  if (garbage.length === 0) return context.print('There is no garbage.');
  context.print(table(garbage, remove));
  if (!remove) context.print('Nothing was changed: --delete removes.');
  else if (garbage.some(({ action }) => action === 'tombstone')) {
    context.print(
      'What is condemned goes with a run of this command an hour from now or later, if nothing needs it then.',
    );
  }
}

function table(garbage: readonly Garbage[], removed: boolean): string {
  const rows = new Map<string, { count: number; bytes: number; cells: [string, string] }>();
  for (const { action, reason, bytes } of garbage) {
    const words = {
      remove: removed ? 'removed' : 'to be removed',
      tombstone: removed ? 'condemned' : 'to be condemned',
    };
    const row = rows.get(action + reason) ?? {
      count: 0,
      bytes: 0,
      cells: [words[action], reason] as [string, string],
    };
    rows.set(action + reason, { ...row, count: row.count + 1, bytes: row.bytes + bytes });
  }
  const made = new Table({
    head: ['what happens', 'why', 'objects', 'MB'],
    style: { head: [], border: [] },
  });
  for (const { cells, count, bytes } of rows.values())
    made.push([...cells, count, (bytes / 1e6).toFixed(1)]);
  return made.toString();
}
