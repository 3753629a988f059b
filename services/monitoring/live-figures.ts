/**
 * Purpose: live skill and coverage of the champion over the last days, and as metrics of
 * CloudWatch.
 * Invariants: skill is against the best naive baseline, over blocks in which both were scored
 * on the same pairs; coverage is weighted by pairs. What was not scored is null, and no metric.
 * Fails: as live-losses.ts.
 */
import type { LiveFigures } from '../../storage/scores/figures-log.ts';
import { HOUR_MS } from './decisions/cool-down.ts';
import { type BlockLoss, baselinesIn, compareLive } from './decisions/live-losses.ts';

export interface FiguresRequest {
  readonly now: number;
  /** null: none. */
  readonly champion: string | null;
  readonly losses: readonly BlockLoss[];
  readonly scoredUntil: number | null;
  readonly openAlerts: number;
  /** So many days count. */
  readonly days?: number;
}

const DAYS = 7;
const LEVEL = 0.8;
const NAMESPACE = 'Headway';

export function liveFigures(request: FiguresRequest): LiveFigures {
  const { now, champion, losses, scoredUntil, openAlerts, days = DAYS } = request;
  const since = now - days * 24 * HOUR_MS;
  const about = { at: now, modelVersion: champion, scoredUntil, openAlerts };
  if (champion === null) return { ...about, skill: null, coverage80: null };
  const forecaster = { name: 'champion', modelVersion: champion };
  const skills = baselinesIn(losses).flatMap((reference) => {
    const compared = compareLive({
      ...{ losses, forecaster, reference, since, margin: 0, level: 0.05 },
    });
    return compared === null ? [] : [compared.skill];
  });
  const skill = skills.length === 0 ? null : Math.min(...skills);
  return {
    ...about,
    skill: Number.isFinite(skill) ? skill : null,
    coverage80: coverageOf(losses, champion, since),
  };
}

function coverageOf(losses: readonly BlockLoss[], champion: string, since: number): number | null {
  const own = losses.filter(
    (one) => one.modelVersion === champion && one.start >= since && one.covered80 !== undefined,
  );
  const pairs = own.reduce((sum, one) => sum + one.pairs, 0);
  if (pairs === 0) return null;
  return own.reduce((sum, one) => sum + one.pairs * (one.covered80 ?? 0), 0) / pairs;
}

/**
 * Fields of a log record by which CloudWatch finds the metrics (its embedded metric format); null
 * where there is nothing to say. A record and not a line, because a job's lines are text in the
 * log of the schedule that runs it.
 */
export function cloudwatchFields(
  environment: string,
  figures: LiveFigures,
): Readonly<Record<string, unknown>> | null {
  const { at, skill, coverage80 } = figures;
  const metrics = {
    ...(skill === null ? {} : { Skill: skill }),
    ...(coverage80 === null ? {} : { CoverageError: Math.abs(coverage80 - LEVEL) }),
  };
  if (Object.keys(metrics).length === 0) return null;
  const Metrics = Object.keys(metrics).map((Name) => ({ Name, Unit: 'None' }));
  const directive = { Namespace: NAMESPACE, Dimensions: [['Environment']], Metrics };
  const _aws = { Timestamp: at, CloudWatchMetrics: [directive] };
  return { _aws, Environment: environment, ...metrics };
}
