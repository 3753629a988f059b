/**
 * Purpose: scores the days of the ledger whose actuals came, or changed, since they were scored
 * last, and publishes their record.
 * Invariants: each pair counts once per version of the truth: a day is scored as a whole, and again
 * only when an actual of it changed or forecasts of it may have come; nothing after `now` is
 * scored, and nothing of a closed day, because no actual of it ever comes.
 * Fails: as the store does.
 */
import type { Domain } from '../../../domains/domain.ts';
import { isClosedDay } from '../../../forecasting/panel/closed-days.ts';
import { type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import type { ActualsEntry } from '../../../storage/forecasts/actuals-log.ts';
import type { Ledger } from '../../../storage/ledger/ledger.ts';
import type { SeriesRecords } from '../../../storage/monitoring/series-records.ts';
import type { ScoreDay, ScoreLog } from '../../../storage/scores/score-log.ts';
import { recordDay } from './record-day.ts';
import { scoreDay } from './score-day.ts';
import { truthOf } from './truth.ts';

const DAY_MS = 86_400_000;
/** So many target days have a record that the HTTP service can read. */
export const RECORD_DAYS = 28;

export interface ScoreRequest {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly scores: Pick<ScoreLog, 'append' | 'known'>;
  /** What is known now. */
  readonly panel: Panel;
  readonly posts: readonly ActualsEntry[];
  readonly now: number;
  readonly closedWeekdays?: Domain['closedWeekdays'];
  /** Target days before it are left as they are. */
  readonly from: number;
  /**
   * Days of this age or less are scored each time, because forecasts of them may still be written.
   */
  readonly openDays: number;
  /** null: the record of the series is not published. */
  readonly records: Pick<SeriesRecords, 'publish' | 'known' | 'forget'> | null;
  /** Target days before it have no record; default: the last 28 have one. */
  readonly recordFrom?: number;
}

/** The target days, as UTC starts in epoch milliseconds, that got a new score. */
export async function scoreLedger(request: ScoreRequest): Promise<number[]> {
  const { ledger, scores, panel, now, closedWeekdays, openDays, records } = request;
  const truth = truthOf(panel, request.posts);
  const known = await scores.known();
  const recordFrom = Math.max(now - RECORD_DAYS * DAY_MS, request.recordFrom ?? 0);
  const recordedFrom = startOfDay(recordFrom);
  const recorded = await records?.known();
  const lacksRecord = (day: number) => recorded?.has(day) === false && day >= recordedFrom;
  const scored: number[] = [];
  const first = Math.max(request.from, timestampAt(panel, 0));
  for (let day = startOfDay(first); day < now; day += DAY_MS) {
    if (isClosedDay(day, closedWeekdays)) continue;
    const until = Math.min(day + DAY_MS, now);
    const hash = truth.hash(day, until);
    if (known(day, hash) && now - day > openDays * DAY_MS && !lacksRecord(day)) continue;
    const issues = await ledger.read({ targetFrom: day, targetUntil: until });
    if (issues.length === 0) continue;
    const { rows, pending } = scoreDay(issues, truth.actualAt, { from: day, until });
    const isNew = await scores.append({ day, scoredAt: now, truth: hash, pending, rows });
    if (isNew) scored.push(day);
    if (records && day >= recordedFrom && (isNew || lacksRecord(day)))
      await records.publish(recordDay(issues, truth.actualAt, { day, until, scoredAt: now }));
  }
  await records?.forget(recordedFrom);
  return scored;
}

/** What was scored, without closed days, which earlier versions scored too. */
export const openDaysOf = async (
  scores: Pick<ScoreLog, 'days'>,
  { closedWeekdays }: Pick<Domain, 'closedWeekdays'>,
  range: Parameters<ScoreLog['days']>[0],
): Promise<ScoreDay[]> =>
  (await scores.days(range)).filter(({ day }) => !isClosedDay(day, closedWeekdays));

const startOfDay = (timestamp: number): number => Math.floor(timestamp / DAY_MS) * DAY_MS;
