/**
 * Purpose: what happened, as marks and spans of a timeline: what served, decisions, jobs, drift.
 * Invariants: pure; spans are cut at the ends of the timeline; a mark outside of it is left out.
 * Fails: never.
 */
import {
  type Decision,
  hasFailed,
  type JobRun,
  type Overview,
  reigns,
} from '../../data/monitoring.ts';
import { capital, percent } from '../../parts/format.ts';

export interface HealthProps {
  /** null: no check was made yet. */
  readonly overview: Overview | null;
  /** Newest first. */
  readonly decisions: readonly Decision[];
  readonly runs: readonly JobRun[];
}

export interface Span {
  readonly from: number;
  readonly until: number;
  readonly text: string;
  readonly isTrouble: boolean;
  /** How dark it is, 0 to 1; absent: as all. */
  readonly share?: number;
}

export interface Mark {
  readonly at: number;
  readonly text: string;
  readonly isTrouble: boolean;
}

export interface Lane {
  readonly name: string;
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
}

export interface EventsRequest extends HealthProps {
  readonly from: number;
  readonly until: number;
  readonly name: (modelVersion: string) => string;
}

export function lanesOf({ overview, decisions, runs, from, until, name }: EventsRequest): Lane[] {
  const inside = ({ at }: Mark) => at >= from && at <= until;
  const cut = (spans: readonly Span[]): Span[] =>
    spans
      .filter((span) => span.until > from && span.from < until)
      .map((span) => ({
        ...span,
        from: Math.max(from, span.from),
        until: Math.min(until, span.until),
      }));
  const served = reigns(decisions);
  const jobMarks = (job: string) =>
    runs
      .filter((run) => run.job === job)
      .map((run) => ({
        at: Date.parse(run.startedAt),
        text: `${job}: ${run.problem ?? run.state}`,
        isTrouble: hasFailed(run),
      }))
      .filter(inside);
  return [
    {
      name: 'Served',
      spans: cut(
        served.map(({ from: start, modelVersion, decision }, i) => ({
          from: start,
          until: served[i + 1]?.from ?? until,
          text: name(modelVersion),
          isTrouble: served[i + 1]?.decision.kind === 'rollback' && decision.kind === 'promote',
        })),
      ),
      marks: [],
    },
    {
      name: 'Accuracy',
      spans: cut(daySpans(overview)),
      marks: [],
    },
    {
      name: 'Decided',
      spans: [],
      marks: decisions
        .map(({ at, kind, reason }) => ({
          at: Date.parse(at),
          text: `${kind}: ${reason}`,
          isTrouble: kind === 'rollback',
        }))
        .filter(inside),
    },
    {
      name: 'Drift',
      spans: cut(
        (overview?.verdicts ?? []).map((verdict) => ({
          from: Date.parse(verdict.since),
          until: verdict.endedAt === null ? until : Date.parse(verdict.endedAt),
          text: verdict.name,
          isTrouble: true,
        })),
      ),
      marks: [],
    },
    ...JOBS.map((job) => ({ name: capital(job), spans: [], marks: jobMarks(job) })).filter(
      ({ marks }) => marks.length > 0,
    ),
  ];
}

/** Those with a lane of their own, where they ran. */
const JOBS = ['features', 'training', 'monitoring'];
const DAY_MS = 86_400_000;
/** A skill from which on a day is as dark as it gets. */
const DARKEST = 0.5;

/** How much better than naive each day was. */
const daySpans = (overview: Overview | null): Span[] =>
  (overview?.days ?? []).flatMap(({ day, served }): Span[] => {
    if (served?.skill == null) return [];
    const from = Date.parse(day);
    return [
      {
        ...{ from, until: from + DAY_MS, text: percent(served.skill), isTrouble: served.skill < 0 },
        share: Math.min(1, Math.max(0, served.skill) / DARKEST),
      },
    ];
  });
