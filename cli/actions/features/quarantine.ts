/**
 * Purpose: `headway features quarantine list | show`: the quarantined runs, and why they
 * failed the data contract.
 * Invariants: reads only; control characters in data are replaced before they reach the terminal.
 * Fails: OBJECT_NOT_FOUND for an unknown id, STORE_CORRUPT for an entry that was changed.
 */
import Table from 'cli-table3';
import { minuteText, utcText } from '../../../platform/text/utc-text.ts';
import { type QuarantineEntry, stillWaiting } from '../../../storage/features/quarantine.ts';
import type { CommandContext } from '../../context.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');

export async function listQuarantine(context: CommandContext): Promise<void> {
  const features = await context.features();
  const [entries, segments] = await Promise.all([
    features.quarantine.list(),
    features.head().then(features.segments),
  ]);
  const rows = entries.map((entry) => ({ entry, waiting: stillWaiting(entry, segments).length }));
  const table = new Table({
    head: ['id', 'quarantined (UTC)', 'files', 'state', 'failed expectations'],
    style: { head: [], border: [] },
    colWidths: [35, 18, 7, 10, 60],
    wordWrap: true,
  });
  for (const { entry, waiting } of rows) {
    table.push([
      entry.id,
      minuteText(entry.at),
      entry.atFault.length,
      waiting > 0 ? 'waiting' : 'committed',
      plain(entry.summary).slice(0, 400),
    ]);
  }
  context.print(rows.length > 0 ? table.toString() : 'No run was quarantined.');
  context.printJson(rows.map(({ entry, waiting }) => ({ ...brief(entry), waiting })));
}

const brief = ({ id, key, at, source, head, summary, atFault }: QuarantineEntry) => ({
  id,
  key,
  at,
  source,
  head,
  summary,
  atFault,
});

interface StoredVerdict {
  readonly name: string;
  readonly outcome: string;
  readonly value: number | null;
  readonly detail: string;
  readonly examples: readonly string[];
}

interface StoredSample {
  readonly part: string;
  readonly reason: string;
  readonly rows: readonly object[];
}

export async function showQuarantine(context: CommandContext, id: string): Promise<void> {
  const features = await context.features();
  const entry = await features.quarantine.get(id);
  const waits = stillWaiting(entry, await features.segments(await features.head())).length > 0;
  context.printJson(entry);
  context.print(`Quarantined ${utcText(entry.at)}: ${plain(entry.source)}`);
  context.print(`Stored in: ${features.quarantine.location} ${entry.key}`);
  context.print(
    entry.head === null
      ? 'There was no snapshot before.'
      : `Snapshot ${entry.head} stays the newest.`,
  );
  context.print(
    `\nFiles that failed${waits ? '' : ' (committed since)'}; ${entry.others} others passed:`,
  );
  for (const { name, feed, fingerprint } of entry.atFault.slice(0, 50)) {
    context.print(`  ${plain(name)} (feed ${plain(feed)}, ${plain(fingerprint).slice(0, 64)})`);
  }
  for (const [outcome, title] of [
    ['fail', 'Failed'],
    ['warn', 'Warnings'],
  ] as const) {
    const found = (entry.verdicts as readonly StoredVerdict[]).filter(
      (verdict) => verdict.outcome === outcome,
    );
    if (found.length > 0) context.print(`\n${title}:`);
    for (const { name, detail, examples } of found) {
      for (const line of [
        `  ${name}: ${detail}`,
        ...examples.slice(0, 5).map((example) => `    ${example}`),
      ])
        context.print(plain(line));
    }
  }
  for (const { part, reason, rows } of entry.samples as readonly StoredSample[]) {
    context.print(`\n${plain(`Rows of ${part}, ${reason}`)}:`);
    for (const row of rows) context.print(`  ${plain(JSON.stringify(row)).slice(0, 1000)}`);
  }
  if (waits)
    context.print(`\nTo accept it: headway features run --accept ${entry.id} --reason "why"`);
}
