/**
 * Purpose: is anything wrong, and what happened: freshness, verdicts with their evidence, jobs, and
 * a timeline with one scrubber: what was known, what served, why, and was it right.
 * Invariants: every number is the API's own; red is for what needs a look, and words say it too.
 * Fails: in words, where monitoring cannot be loaded; without a check the rest is shown all the
 * same.
 */
import {
  hasFailed,
  type JobRun,
  lastRuns,
  loadDecisions,
  loadJobs,
  loadMonitoring,
  type Overview,
  serviceTime,
  useRefreshed,
  type Verdict,
} from '../data/monitoring.ts';
import { usePage } from '../data/page-context.ts';
import { age, capital } from '../parts/format.ts';
import { Finding } from '../parts/section.tsx';
import { NotLoaded, Skeleton } from '../shell/states.tsx';
import { Decisions } from './health/decisions.tsx';
import type { HealthProps } from './health/events.ts';
import { Freshness } from './health/freshness.tsx';
import { Jobs } from './health/jobs.tsx';
import { Timeline } from './health/timeline.tsx';
import { Verdicts } from './health/verdicts.tsx';
import { Versions } from './health/versions.tsx';

export function Health() {
  const monitoring = useRefreshed('monitoring', loadMonitoring(1));
  const decisions = useRefreshed('decisions', loadDecisions);
  const jobs = useRefreshed('jobs', loadJobs);
  const trouble = monitoring.trouble ?? decisions.trouble ?? jobs.trouble;
  if (monitoring.value && decisions.value && jobs.value)
    return (
      <Shown overview={monitoring.value.overview} decisions={decisions.value} runs={jobs.value} />
    );
  if (trouble === null) return <Skeleton />;
  return <NotLoaded title="What monitoring found cannot be loaded" trouble={trouble} />;
}

function Shown({ overview, decisions, runs }: HealthProps) {
  const standing = (overview?.verdicts ?? []).filter(({ endedAt }) => endedAt === null);
  return (
    <>
      <Summary {...{ overview, runs, standing }} />
      <div class="grid">
        <Verdicts standing={standing} overview={overview} />
        <Freshness overview={overview} />
        <Timeline {...{ overview, decisions, runs }} />
        <Jobs runs={runs} />
        <Decisions decisions={decisions} />
        <Versions />
      </div>
    </>
  );
}

interface SummaryProps {
  readonly overview: Overview | null;
  readonly runs: readonly JobRun[];
  readonly standing: readonly Verdict[];
}

function Summary({ overview, runs, standing }: SummaryProps) {
  const page = usePage();
  const { serving, labels } = page;
  const failed = lastRuns(runs).filter(hasFailed);
  const troubles = [
    ...standing.map(({ message }) => message),
    ...failed.map(
      ({ job, startedAt }) => `The job ${job} failed at ${labels.full(Date.parse(startedAt))}.`,
    ),
    ...(serving.fallback ? ['A fallback is served.'] : []),
  ];
  const [first] = troubles;
  const checked = overview && (serviceTime(page) - Date.parse(overview.checkedAt)) / 1000;
  const title =
    first === undefined ? (
      overview === null ? (
        <>No check has been made yet</>
      ) : (
        <>Nothing needs attention</>
      )
    ) : (
      <>
        <span class="trouble">
          {troubles.length === 1 ? 'One thing needs' : `${troubles.length} things need`} attention:
        </span>{' '}
        {capital(first)}
      </>
    );
  return (
    <Finding title={title}>
      Data ended {age(serving.dataAgeSeconds)} ago
      {checked !== null && <>, the last check was {age(checked)} ago</>}
      {standing.length === 0 && overview !== null && <>, no drift is open</>}
      {runs.length > 0 && failed.length === 0 && <>, every job’s last run succeeded</>}.
      {overview === null && (
        <>
          {' '}
          <code>headway monitor</code> makes a check; the schedule makes one every hour.
        </>
      )}
    </Finding>
  );
}
