/**
 * Purpose: what the schedule ran: the last run of each job, and what failed lately.
 * Invariants: the newest first; why a run failed is its own words.
 * Fails: never.
 */
import { hasFailed, type JobRun, lastRuns } from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { age } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';

const MAX_FAILED = 5;

export function Jobs({ runs }: { readonly runs: readonly JobRun[] }) {
  const last = lastRuns(runs);
  const failed = runs.filter((run) => !last.includes(run) && hasFailed(run)).slice(0, MAX_FAILED);
  return (
    <Section columns={12} title="Jobs" note={`${runs.length} runs on record`}>
      {runs.length === 0 ? (
        <p class="soft">
          No job has run yet: <code>headway schedule</code>, or <code>npm start</code>, runs them.
        </p>
      ) : (
        <div class="scroll-x">
          <table class="rows jobs">
            <thead>
              <tr>
                <th>job</th>
                <th>began</th>
                <th class="num">took</th>
                <th>result</th>
              </tr>
            </thead>
            <tbody>
              {[...last, ...failed].map((run) => (
                <Row key={`${run.job} ${run.startedAt}`} run={run} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

function Row({ run }: { readonly run: JobRun }) {
  const { full } = usePage().labels;
  const { job, startedAt, tookSeconds, state, problem, attempt } = run;
  const isBad = hasFailed(run);
  return (
    <tr>
      <td>{job}</td>
      <td>{full(Date.parse(startedAt))}</td>
      <td class="num">{tookSeconds < 90 ? `${tookSeconds.toFixed(1)} s` : age(tookSeconds)}</td>
      <td>
        {isBad && <span class="dot trouble" />}
        <span class={isBad ? 'trouble' : ''}>{state}</span>
        {attempt > 1 && `, attempt ${attempt}`}
        {problem && `: ${problem}`}
      </td>
    </tr>
  );
}
