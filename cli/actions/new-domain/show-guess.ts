/**
 * Purpose: what was understood of somebody's data, for a terminal: the declaration, the rows that
 * do not fit, and a chart of one series.
 * Invariants: the rows are read as features are; files and lines of rejected rows are named.
 * Fails: as reading the data does.
 */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Domain } from '../../../domains/domain.ts';
import type { Guess } from '../../../domains/sources/guess/guess.ts';
import { isMeasured, isWide } from '../../../domains/sources/table-declaration.ts';
import { rowsOf, withDuckDB } from '../../../platform/duckdb/duckdb.ts';
import { parquetFiles, sqlText } from '../../../platform/duckdb/sql.ts';
import { silentProgress } from '../../../platform/progress.ts';
import { minuteText } from '../../../platform/text/utc-text.ts';
import { forecastInTerminal } from '../../../reports/terminal/forecast.ts';
import { embeddedEngine } from '../../../services/feature/aggregation/aggregate.ts';
import {
  type OpenedPart,
  readParts,
  samplesOf,
} from '../../../services/feature/sources/read-parts.ts';
import type { CommandContext } from '../../context.ts';

/** Days of values that the chart shows, and rows of each reason that are shown. */
const CHART = { intervals: 14 * 24, width: 100, height: 12 };
const MAX_SHOWN = 3;
const MAX_TEXT = 100;

export function showGuess(guess: Guess): string {
  const { facts, frequencyMinutes, timeZone, seasonLengths, missing, doubts } = guess;
  const rows: [string, string][] = [
    ['time', `${timeText(guess)}${clockText(guess)}`],
    ['series', `${seriesText(guess)}: ${facts.series}`],
    ['value', valueText(guess)],
    ['interval', `${frequencyMinutes} minutes, seasons ${seasonLengths.join(', ')}`],
    ['calendar', closedText(guess, guess.dayTimeZone ?? timeZone)],
    ['absent', missing],
    ...fileText(guess),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  const open = doubts.map(({ flag, chosen, why }) => `  ${flag}: ${chosen} (${why})`);
  return [
    'Understood:',
    ...lines,
    ...(open.length > 0 ? ['\nUncertain, with the flag that settles each:', ...open] : []),
  ].join('\n');
}

function timeText({ table: { time, timeFormat = 'iso' } }: Guess): string {
  if (typeof time === 'object' && 'sql' in time) return time.sql;
  return `${[time].flat().join(' and ')}, ${[timeFormat].flat().join(' or ')}`;
}

const clockText = ({ table: { clock, timeOf } }: Guess): string =>
  (clock === undefined ? '' : `, by the clock of ${clock}`) +
  (timeOf === 'end' ? ', the end of an interval' : '');

const closedText = ({ closedWeekdays }: Guess, timeZone: string): string =>
  closedWeekdays.length > 0 ? `${timeZone}, business days` : timeZone;

function seriesText({ table: { series } }: Guess): string {
  if (typeof series === 'string') return `column ${series}`;
  if (Array.isArray(series)) return `columns ${series.join(', ')}`;
  if ('columns' in series) return 'a column each';
  if ('files' in series) return 'a file each';
  return 'only' in series ? 'one' : 'SQL';
}

function valueText({ table, facts }: Guess): string {
  const { value, aggregate, decimal, thousands, symbol, once, series } = table;
  const marks = [
    ...(aggregate === undefined ? [] : [`their ${aggregate} in each interval`]),
    ...(decimal === ',' ? ['decimal comma'] : []),
    ...(thousands === undefined ? [] : [`thousands by "${thousands}"`]),
    ...(symbol === undefined ? [] : [`without "${symbol}"`]),
    ...(once === undefined ? [] : [`each ${once.join(', ')} once`]),
  ];
  const measured = isWide(series) ? 'cells' : String(value);
  const what = isMeasured(table) ? measured : 'rows are counted';
  return [`${what}: ${facts.usable} of ${facts.rows} rows read`, ...marks].join(', ');
}

function fileText({ table }: Guess): [string, string][] {
  const { encoding, header, skipLines } = table;
  const parts = [
    ...(encoding === undefined ? [] : [encoding]),
    ...(header === false ? ['no header'] : []),
    ...(skipLines === undefined ? [] : [`${skipLines} lines before the header`]),
  ];
  return parts.length === 0 ? [] : [['file', parts.join(', ')]];
}

/** The account of all rows, the first that do not fit, and the last two weeks of one series. */
export async function showData(
  context: CommandContext,
  domain: Domain,
  spec: string,
): Promise<string> {
  const { settings, clock, logger, progress } = context;
  const folder = join(settings.work, 'new-domain', domain.name);
  await mkdir(folder, { recursive: true });
  try {
    const rawFolder = join(settings.work, 'raw', domain.name);
    const source = await domain.openSource(spec, { rawFolder, clock, logger, progress });
    const parts = await readParts({
      ...{ domain, parts: await source.parts(), progress: silentProgress, folder },
      ...{ availableAt: clock.now(), memoryLimitMb: settings.memoryMb, isAccepted: true },
      engine: embeddedEngine,
    });
    const chart = await chartOf(domain, parts);
    return ['', ...(await accountOf(parts)), ...(chart === null ? [] : ['', chart])].join('\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function accountOf(parts: readonly OpenedPart[]): Promise<string[]> {
  const made = parts.flatMap((part) => part.made ?? []);
  const used = made.reduce((sum, { rowsUsed }) => sum + rowsUsed, 0);
  const total = made.reduce((sum, { rowsIn }) => sum + rowsIn, 0);
  const first = Math.min(...made.map(({ span }) => span.start));
  const last = Math.max(...made.map(({ span }) => span.end));
  const lines = [
    `Rows: ${used} of ${total} used, ${minuteText(first)} to ${minuteText(last)} UTC.`,
  ];
  if (used === total) return lines;
  lines.push('Rows that do not fit:');
  const counts = new Map<string, number>();
  for (const { rejected } of made)
    for (const [reason, n] of Object.entries(rejected))
      counts.set(reason, (counts.get(reason) ?? 0) + n);
  const samples = await samplesOf(parts);
  for (const [reason, n] of counts) {
    lines.push(`  ${reason}: ${n}`);
    const rows = samples.find((sample) => sample.reason === `rejected: ${reason}`)?.rows ?? [];
    for (const { hw_file: file, hw_line: line, ...columns } of rows.slice(0, MAX_SHOWN)) {
      const cells = Object.entries(columns).filter(([name]) => !name.startsWith('hw_'));
      const text = cells.map(([, cell]) => cell ?? '').join(', ');
      lines.push(`    ${file}${line ? `:${line}` : ''}  ${text.slice(0, MAX_TEXT)}`);
    }
  }
  return lines;
}

/** The series with the most values. */
async function chartOf(domain: Domain, parts: readonly OpenedPart[]): Promise<string | null> {
  const paths = parts.flatMap(({ made }) => (made === null ? [] : [made.path]));
  if (paths.length === 0) return null;
  return withDuckDB({ threads: 1 }, async (connection) => {
    const values = parquetFiles(paths);
    const [series] = await rowsOf(
      connection,
      `SELECT series_id AS id, epoch_ms(max(timestamp))::DOUBLE AS last FROM ${values}
       GROUP BY id ORDER BY count(*) DESC, id LIMIT 1`,
    );
    if (series === undefined) return null;
    const stepMs = domain.frequencyMinutes * 60_000;
    const last = Number(series.last);
    const found = await rowsOf(
      connection,
      `SELECT epoch_ms(timestamp)::DOUBLE AS time, sum(target)::DOUBLE AS value FROM ${values}
       WHERE series_id = ${sqlText(String(series.id))}
         AND epoch_ms(timestamp) > ${last - CHART.intervals * stepMs} GROUP BY ALL`,
    );
    const known = new Map(found.map(({ time, value }) => [Number(time), Number(value)]));
    const absent = domain.missing === 'zero' ? 0 : Number.NaN;
    // From the first value on: before it nothing is known, whatever an absent row means.
    const first = Math.min(last - stepMs, ...known.keys());
    const intervals = Math.floor((last - first) / stepMs) + 1;
    const actuals = Array.from({ length: intervals }, (_, at) => {
      const timestamp = last - (intervals - 1 - at) * stepMs;
      return { timestamp, value: known.get(timestamp) ?? absent };
    });
    const none: number[] = [];
    return forecastInTerminal(
      {
        title: `${domain.seriesNoun} ${series.id}, the newest values`,
        ...{ unit: domain.unit, timeZone: domain.timeZone, actuals, cutoff: last },
        forecast: { timestamps: none, lower: none, median: none, upper: none },
      },
      { width: CHART.width, height: CHART.height },
    )
      .split('\n')
      .slice(0, -1)
      .join('\n');
  });
}
