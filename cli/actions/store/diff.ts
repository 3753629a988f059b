/**
 * Purpose: `headway store diff`: the differences between two snapshots, or between a snapshot and
 * what was known at a time.
 * Invariants: reads only; prints the largest differences; `--json` has all series and days, `--csv`
 * every value.
 * Fails: OBJECT_NOT_FOUND for an unknown snapshot, USAGE for a time that cannot be read and for a
 * file that cannot be written, SNAPSHOT_EMPTY where nothing was known then.
 */
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import Table from 'cli-table3';
import { csvField, floatText } from '../../../forecasting/panel/csv.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { minuteText, utcText } from '../../../platform/text/utc-text.ts';
import type { FeatureStore } from '../../../storage/features/feature-store.ts';
import {
  diffSnapshots,
  type OtherPart,
  type SnapshotDiff,
  type SnapshotView,
} from '../../../storage/features/reading/snapshot-diff.ts';
import {
  CHANGE_KINDS,
  type ChangeCounts,
  type Difference,
  type SeriesChanges,
} from '../../../storage/features/reading/value-changes.ts';
import type { CommandContext } from '../../context.ts';
import { timestamp } from '../../flags.ts';
import { notWritten, openOutput } from '../../output.ts';

export interface StoreDiffFlags {
  readonly knownAt?: string;
  readonly csv?: string;
}

const MAX_SERIES = 12;
const MAX_DAYS = 14;
const MAX_PARTS = 8;
const BAR = 24;

const TITLES: Readonly<Record<keyof ChangeCounts, string>> = {
  added: 'added',
  changed: 'changed',
  removed: 'removed',
  becameKnown: 'became known',
  becameUnknown: 'became unknown',
};

type NamedView = SnapshotView & { readonly manifest: { readonly committedAt: number } };

export async function storeDiff(
  context: CommandContext,
  flags: StoreDiffFlags,
  ...snapshots: (string | undefined)[]
): Promise<void> {
  const named = snapshots.filter((snapshot) => snapshot !== undefined);
  const features = await context.features();
  const [from, to] = await viewsOf(features, named, flags.knownAt);
  const diff = await compared(features, from, to, flags.csv);
  context.print(`From ${titleOf(from)}\nto   ${titleOf(to)}\n`);
  for (const line of linesOf(diff)) context.print(line);
  if (flags.csv) context.print(`Every value that differs: ${flags.csv}`);
  context.printJson({ from: jsonOf(from), to: jsonOf(to), ...diff, csv: flags.csv ?? null });
}

async function compared(
  features: FeatureStore,
  from: NamedView,
  to: NamedView,
  csv: string | undefined,
): Promise<SnapshotDiff> {
  if (csv === undefined) return diffSnapshots(features, from, to);
  const file = await openOutput(csv);
  const lines = new PassThrough({ highWaterMark: 1 << 20 });
  const written = pipeline(lines, file.createWriteStream());
  // It is awaited at the end; until then a failure would be one that nobody handles.
  written.catch(() => undefined);
  try {
    lines.write('unique_id,exogenous,ds,change,before,after\n');
    const diff = await diffSnapshots(features, from, to, async (changes) => {
      if (!lines.write(csvOf(changes))) {
        await Promise.race([new Promise((resolve) => lines.once('drain', resolve)), written]);
      }
    });
    lines.end();
    await written;
    return diff;
  } catch (error) {
    lines.destroy();
    await written.catch(() => undefined);
    throw notWritten(csv, error);
  }
}

function csvOf({ seriesId, exogenous, timestamps, kinds, before, after }: SeriesChanges): string {
  const value = (x: number | undefined) => (x === undefined || Number.isNaN(x) ? '' : floatText(x));
  const name = csvField(seriesId);
  const lines = timestamps.map(
    (time, i) =>
      `${name},${exogenous},${iso(time)},${kinds[i]},${value(before[i])},${value(after[i])}\n`,
  );
  return lines.join('');
}

/** The two sides: two snapshots, or one as it was known at two times. */
async function viewsOf(
  features: FeatureStore,
  named: readonly string[],
  knownAt: string | undefined,
): Promise<[NamedView, NamedView]> {
  if (knownAt !== undefined) return viewsAt(features, named, knownAt);
  const [a, b] = named;
  const to = b === undefined ? await headOf(features) : await features.manifest(b);
  if (a !== undefined) return [{ manifest: await features.manifest(a) }, { manifest: to }];
  if (to.parent !== null)
    return [{ manifest: await features.manifest(to.parent) }, { manifest: to }];
  throw new HeadwayError(
    'OBJECT_NOT_FOUND',
    `Snapshot ${to.snapshotVersion} is the first: there is no earlier one to compare with`,
    {
      fix: 'Name two snapshots (`headway store log` lists them), or a time with --known-at.',
    },
  );
}

async function viewsAt(
  features: FeatureStore,
  named: readonly string[],
  knownAt: string,
): Promise<[NamedView, NamedView]> {
  const times = knownAt.split(',').map((text) => timestamp(text.trim(), '--known-at'));
  if (named.length > 1 || times.length > 2) {
    throw new HeadwayError('USAGE', '--known-at compares one snapshot at one or two times', {
      fix: 'Write `headway store diff [SNAPSHOT] --known-at TIME` or `--known-at TIME,TIME`.',
    });
  }
  const manifest =
    named[0] === undefined ? await headOf(features) : await features.manifest(named[0]);
  const [before, after] = times as [number, number | undefined];
  return [
    { manifest, knownAt: before },
    { manifest, ...(after === undefined ? {} : { knownAt: after }) },
  ];
}

async function headOf(features: FeatureStore) {
  const head = await features.head();
  if (head !== null) return head;
  throw new HeadwayError('SNAPSHOT_EMPTY', 'There are no snapshots yet', {
    fix: 'Run `headway features run` first.',
  });
}

const iso = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`;
const count = (n: number): string => n.toLocaleString('en-US');
const short = (x: number): string => String(Number(x.toPrecision(6)));

function titleOf({ manifest, knownAt }: NamedView): string {
  const known = knownAt === undefined ? '' : ` as it was known at ${iso(knownAt)}`;
  return `snapshot ${manifest.snapshotVersion}, committed ${utcText(manifest.committedAt)}${known}`;
}

const jsonOf = ({ manifest, knownAt }: NamedView) => ({
  snapshotVersion: manifest.snapshotVersion,
  knownAt: knownAt ?? null,
});

/** Values that existed before and differ now. */
const restated = ({ counts }: Difference): number =>
  counts.changed + counts.removed + counts.becameKnown + counts.becameUnknown;

function linesOf(diff: SnapshotDiff): string[] {
  const { totals, series, days } = diff;
  const lines = [
    partsLine('Added files', diff.newParts),
    partsLine('Removed files', diff.goneParts),
  ].filter((line) => line !== null);
  if (series.length === 0) return [...lines, 'No differences.'];
  const kinds = CHANGE_KINDS.filter((kind) => totals.counts[kind] > 0);
  const counts = kinds.map((kind) => `${count(totals.counts[kind])} ${TITLES[kind]}`).join(', ');
  lines.push(`${counts}: ${count(restated(totals))} restated, ${count(series.length)} series.`);
  const worst = [...series].sort(
    (a, b) =>
      restated(b) - restated(a) || b.absolute - a.absolute || b.counts.added - a.counts.added,
  );
  const table = new Table({
    head: [
      'series',
      ...kinds.map((kind) => TITLES[kind]),
      'first (UTC)',
      'last (UTC)',
      'total change',
      'largest change',
    ],
    style: { head: [], border: [] },
  });
  for (const one of worst.slice(0, MAX_SERIES)) {
    const { largest, counts } = one;
    const most = largest
      ? `${minuteText(largest.timestamp)}: ${short(largest.before)} → ${short(largest.after)}`
      : '';
    const name = one.exogenous ? `${one.seriesId} (exogenous)` : one.seriesId;
    table.push([
      name,
      ...kinds.map((kind) => count(counts[kind])),
      minuteText(one.first),
      minuteText(one.last),
      short(one.absolute),
      most,
    ]);
  }
  lines.push(table.toString(), ...further(worst.length - MAX_SERIES, 'series'));
  // Days with only new values are many, and expected: they are shown only where nothing else is.
  const weight = restated(totals) > 0 ? restated : ({ counts }: Difference) => counts.added;
  const heaviest = days
    .filter((day) => weight(day) > 0)
    .sort((a, b) => weight(b) - weight(a) || a.day - b.day);
  const most = weight(heaviest[0] as Difference);
  lines.push(`\nDay (UTC)   ${weight === restated ? 'restated' : 'added'}`);
  for (const day of heaviest.slice(0, MAX_DAYS).sort((a, b) => a.day - b.day)) {
    const bar = '█'.repeat(Math.max(1, Math.round((BAR * weight(day)) / most)));
    lines.push(`${minuteText(day.day).slice(0, 10)}  ${bar.padEnd(BAR)} ${count(weight(day))}`);
  }
  return [...lines, ...further(heaviest.length - MAX_DAYS, 'days')];
}

const further = (more: number, what: string): string[] =>
  more > 0 ? [`… and ${count(more)} ${what} more: see --json, or --csv FILE for every value.`] : [];

function partsLine(title: string, parts: readonly OtherPart[]): string | null {
  if (parts.length === 0) return null;
  const names = parts
    .slice(0, MAX_PARTS)
    .map(({ part, publishedAgain }) => (publishedAgain ? `${part} (published again)` : part));
  const more = parts.length > MAX_PARTS ? ` and ${parts.length - MAX_PARTS} more` : '';
  return `${title}: ${names.join(', ')}${more}`;
}
