/**
 * Purpose: the quiet year and the rehearsed incidents of the simulated city, given to the drift
 * checks of Headway and to Evidently and NannyML.
 *   npm run bench:monitoring [-- --seed 1] [--json FILE] [--only headway] [--fresh]
 * Invariants: all get the same values and the same losses; the libraries' versions are pinned, in
 * an environment of their own; bench/support/monitors.py says how they are set. A case that a
 * library has done is not done again, so that a bench that was stopped goes on.
 * Fails: where Python or the package index is not there, with the words of the tool that failed.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { Command } from 'commander';
import { INCIDENTS, type IncidentName } from '../domains/taxi/incidents.ts';
import { createCalendar } from '../forecasting/features/calendar.ts';
import { describeError } from '../platform/errors.ts';
import { sha256 } from '../platform/files/content-hash.ts';
import { checkDrift, type DriftState } from '../services/monitoring/drift/check.ts';
import type { DailyScore } from '../services/monitoring/drift/scores/daily-score.ts';
import { type Rehearsal, rehearse } from './monitoring/rehearsal.ts';
import { outputOf, pythonIn } from './support/python-environment.ts';

const PACKAGES = ['evidently==0.7.23', 'nannyml==0.13.1', 'pandas==2.3.3'];
const SCRIPT = fileURLToPath(new URL('./support/monitors.py', import.meta.url));
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PLACES = 60;
/** What there is to learn from. */
const HISTORY_DAYS = 126;
const LEARNED_SCORES = 90;
const DAYS = 14;
const DAYS_OF_LEAK = 75;
const AT = Date.UTC(2026, 8, 15, 15);
/** Midnight of Columbus Day in New York. */
const HOLIDAY = Date.UTC(2026, 9, 12, 4);
const PLACE = { timeZone: 'America/New_York', holidays: { country: 'US', state: 'NY' } };

interface Case {
  readonly name: string;
  readonly at: number | null;
  /** Of the checks; the first is before the incident. */
  readonly first: number;
  readonly until: number;
  readonly from: number;
  readonly isOfModel: boolean;
  readonly hasLosses: boolean;
  readonly skewMs: number;
  readonly new: readonly string[];
  readonly city: Rehearsal;
}

function casesOf(seed: number): Case[] {
  const quiet = { from: Date.UTC(2025, 7, 1, 4) - 35 * DAY, first: Date.UTC(2025, 9, 31, 10) };
  const until = quiet.first + 365 * DAY;
  const city = (name: IncidentName, at: number, from: number, end: number) =>
    rehearse({ seed, places: PLACES, incident: { name, at }, from, until: end });
  const common = { skewMs: 0, new: [], isOfModel: false };
  return [
    {
      ...common,
      ...{ name: 'quiet', at: null, ...quiet, until, hasLosses: true },
      city: rehearse({ seed, places: PLACES, incident: null, from: quiet.from, until }),
    },
    ...(Object.keys(INCIDENTS) as IncidentName[]).map((name): Case => {
      const at = name === 'holiday-moves' ? HOLIDAY : AT;
      const isOfModel = name === 'bad-model' || name === 'accuracy-leaks';
      const first = Math.floor((at - DAY) / DAY) * DAY + 10 * HOUR;
      const from = first - HISTORY_DAYS * DAY;
      const end = at + (name === 'accuracy-leaks' ? DAYS_OF_LEAK : DAYS) * DAY;
      return {
        ...{ ...common, name, at, first, until: end, from, isOfModel, hasLosses: isOfModel },
        skewMs: name === 'clock-skew' ? 2 * HOUR : 0,
        new: name === 'schema-changes' ? ['service_class'] : [],
        city: city(name, at, from, end),
      };
    }),
  ];
}

interface Outcome {
  readonly alarms?: number;
  readonly checks?: number;
  readonly before?: boolean;
  readonly days?: number | null;
  readonly verdicts?: readonly string[];
}

/** A check a day. */
function headway(one: Case): Outcome {
  const { at, first, until, city, hasLosses } = one;
  let state: DriftState | null = null;
  let [alarms, checks] = [0, 0];
  let [isBefore, days]: [boolean, number | null] = [false, null];
  const verdicts = new Set<string>();
  for (let now = first; now <= until; now += DAY) {
    const yesterday = Math.floor(now / DAY) * DAY - DAY;
    const scored = state ? 1 : LEARNED_SCORES;
    const scores: DailyScore[] = Array.from({ length: hasLosses ? scored : 0 }, (_, i) =>
      city.scoresOf(yesterday - (scored - 1 - i) * DAY),
    ).flat();
    const panel = city.panelAt(now, state ? 14 * 168 : 1e9);
    const columns = city.columnsAt(now);
    const grid = { place: PLACE, day: 24, week: 168 };
    const check = checkDrift({ ...grid, panel, at: now, state, scores, columns });
    state = check.state;
    checks++;
    alarms += check.opened.length;
    for (const { name } of check.opened) verdicts.add(name);
    if (at === null || check.opened.length === 0) continue;
    if (now <= at) isBefore = true;
    else days ??= Math.round(((now - at) / DAY) * 100) / 100;
  }
  const names = [...verdicts];
  return at === null
    ? { alarms, checks, verdicts: names }
    : { before: isBefore, days, verdicts: names };
}

/** What the libraries read: one column a series, and the columns of the raw data. */
async function write(folder: string, one: Case): Promise<void> {
  const { name, city, first, until, from, hasLosses } = one;
  const panel = city.panelAt(until, 1e9);
  const { weekday, minuteOfDay } = createCalendar(panel.start, 60, panel.length, PLACE);
  const hasSchema = name === 'schema-changes';
  const head = ['ts', 'hour_of_week', ...panel.seriesIds.map((id) => `s${id}`)];
  if (hasSchema) head.push('passenger_count', 'trip_type', 'service_class');
  const lines = Array.from({ length: panel.length }, (_, t) => {
    const at = panel.start + t * HOUR;
    const hour = (weekday[t] as number) * 24 + Math.floor((minuteOfDay[t] as number) / 60);
    const values = panel.seriesIds.map((_, s) => panel.columns.target[s * panel.length + t]);
    const isNew = city.columnsAt(at + HOUR).some((column) => column.startsWith('service_class'));
    const raw = isNew ? ['one', '', 1] : [1 + (t % 2), 1, ''];
    return [at, hour, ...values, ...(hasSchema ? raw : [])].join(',');
  });
  await writeFile(join(folder, `${name}.csv`), `${head.join(',')}\n${lines.join('\n')}\n`);
  if (!hasLosses) return;
  const days: string[] = [];
  const oldest = Math.max(from + 8 * DAY, first - LEARNED_SCORES * DAY);
  for (let day = Math.ceil(oldest / DAY) * DAY; day + DAY <= until; day += DAY) {
    const scores = city.scoresOf(day);
    const sum = (of: (score: DailyScore) => number) => scores.reduce((all, x) => all + of(x), 0);
    days.push(`${day},${sum((x) => x.pinball) / sum((x) => x.baselinePinball)}`);
  }
  await writeFile(join(folder, `${name}.losses.csv`), `ts,ratio\n${days.join('\n')}\n`);
}

interface Flags {
  readonly seed: string;
  readonly json?: string;
  readonly only?: string;
  readonly environment: string;
  readonly work: string;
  readonly fresh?: boolean;
}

async function peers(cases: readonly Case[], flags: Flags) {
  const python = await pythonIn(flags.environment, PACKAGES);
  const list = JSON.stringify(cases.map(({ city: _, ...rest }) => rest));
  const settled = sha256(JSON.stringify([flags.seed, PACKAGES, list])).slice(0, 12);
  const folder = join(flags.work, settled);
  if (flags.fresh) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const one of cases) await write(folder, one);
  await writeFile(join(folder, 'cases.json'), list);
  const results: Record<string, Readonly<Record<string, Outcome>>> = {};
  const runOf = async (tool: string, setting: string) => {
    const file = join(folder, `${tool}-${setting}.jsonl`);
    const args = ['--cases', folder, '--results', file, '--tool', tool, '--setting', setting];
    await outputOf(python, SCRIPT, args);
    results[`${tool}, ${setting}`] = await resultsIn(file);
  };
  for (const setting of ['default', 'best'])
    await Promise.all([runOf('evidently', setting), runOf('nannyml', setting)]);
  return results;
}

async function resultsIn(file: string): Promise<Readonly<Record<string, Outcome>>> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const { case: name, ...outcome } = JSON.parse(line) as Outcome & { readonly case: string };
      return [name, outcome];
    }),
  );
}

function tableOf(results: Readonly<Record<string, Readonly<Record<string, Outcome>>>>): string {
  const tools = Object.keys(results);
  const table = new Table({ head: ['', ...tools] });
  for (const name of Object.keys(results.headway ?? {})) {
    const cells = tools.map((tool) => {
      const { alarms, checks, before, days, verdicts } = results[tool]?.[name] ?? {};
      if (checks !== undefined) return `${alarms} of ${checks} checks`;
      const text = days === null || days === undefined ? 'never' : `${days} d`;
      const named = verdicts ? ` ${verdicts.join(', ')}` : '';
      return `${before ? '(alarm before) ' : ''}${text}${named}`;
    });
    table.push([name, ...cells]);
  }
  return table.toString();
}

async function bench(flags: Flags): Promise<void> {
  const cases = casesOf(Number(flags.seed));
  const own = Object.fromEntries(cases.map((one) => [one.name, headway(one)]));
  const others = flags.only === 'headway' ? {} : await peers(cases, flags);
  const results = { headway: own, ...others };
  console.log(tableOf(results));
  if (!flags.json) return;
  await mkdir(dirname(flags.json), { recursive: true });
  const about = { seed: Number(flags.seed), series: PLACES, packages: PACKAGES };
  await writeFile(flags.json, `${JSON.stringify({ ...about, results }, null, 1)}\n`);
}

const command = new Command('bench:monitoring')
  .description('Compare drift checks on a quiet year and on rehearsed incidents.')
  .option('--seed <number>', 'of the simulated city', '1')
  .option('--only <tool>', 'headway: leave the libraries out')
  .option('--json <file>', 'write the figures')
  .option('--environment <folder>', 'the Python environment', '.headway/monitors-python')
  .option('--work <folder>', 'what is done already', '.headway/monitors-results')
  .option('--fresh', 'do all cases again');
try {
  await command.parseAsync();
  await bench(command.opts<Flags>());
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
