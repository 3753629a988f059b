/**
 * Purpose: the runs of one job of a domain: what ran, when, how long, why it failed; and the lease
 * by which one process at a time runs it, wherever the others are.
 * Invariants: the newest entry is the whole state of the job. A run is claimed by appending an
 * entry, so of several claims of one slot exactly one is made. A slot that ended well is never
 * claimed again. A claim is valid for `leaseMs` after the owner's last entry; who claims counts
 * CLOCK_TOLERANCE_MS more, because the two clocks may differ by that. An entry of a clock that is
 * further ahead holds nobody up: two runs at once waste work, and lose nothing. An owner that lost
 * its lease learns it at its next entry, and appends nothing.
 * Fails: RUN_IN_PROGRESS for a slot that another one runs or has done; as storage/log/timed-log.ts.
 */
import { randomUUID } from 'node:crypto';
import { CLOCK_TOLERANCE_MS, type Clock } from '../../platform/clock.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { type Numbered, openTimedLog, type TimedQuery } from '../log/timed-log.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { StoreReport } from '../store-report.ts';

export const JOB_FORMAT = 1;

/** `stopped`: by a signal or the time limit. */
export const RUN_STATES = ['running', 'ok', 'failed', 'stopped'] as const;
export type RunState = (typeof RUN_STATES)[number];
export type RunOutcome = Exclude<RunState, 'running'>;

interface RunDraft {
  readonly at: number;
  readonly job: string;
  /** The time for which it runs: the one of the schedule, UTC epoch milliseconds. */
  readonly slot: number;
  /** Names the run in all of its entries. */
  readonly run: string;
  /** 1, 2 … within the slot. */
  readonly attempt: number;
  readonly state: RunState;
  readonly startedAt: number;
  /** The last sign of life, by the owner's clock. */
  readonly aliveAt: number;
  readonly leaseMs: number;
  /** For people: the machine and process that run it. */
  readonly owner: string;
  /** Why it did not end well; null where it did or runs. */
  readonly problem: string | null;
}

export type RunEntry = Numbered<RunDraft>;

export interface Lease {
  readonly slot: number;
  readonly attempt: number;
  /** Extends the lease; false where another one has taken the job over. */
  renew(): Promise<boolean>;
  /** Ends the run; false where another one has taken the job over meanwhile. */
  end(outcome: RunOutcome, problem?: string): Promise<boolean>;
}

export interface ClaimRequest {
  readonly slot: number;
  readonly owner: string;
  readonly leaseMs: number;
}

/** A run, as people list it. */
export interface JobRun {
  readonly job: string;
  readonly slot: number;
  readonly attempt: number;
  readonly state: RunState | 'lost';
  readonly startedAt: number;
  /** Until its end, or its last sign of life. */
  readonly tookMs: number;
  readonly owner: string;
  readonly problem: string | null;
}

export interface JobLog {
  claim(request: ClaimRequest): Promise<Lease>;
  /** The newest slot that ended well; null before the first. */
  lastDone(): Promise<number | null>;
  /** Newest first, one of each run. */
  runs(query: { readonly now: number } & TimedQuery): Promise<JobRun[]>;
  verify(): Promise<StoreReport>;
}

const text = { type: 'string', minLength: 1 };
const whole = { type: 'integer', minimum: 0 };
const fields = {
  job: text,
  slot: whole,
  run: text,
  attempt: { type: 'integer', minimum: 1 },
  state: { enum: RUN_STATES },
  startedAt: whole,
  aliveAt: whole,
  leaseMs: { type: 'integer', minimum: 1 },
  owner: text,
  problem: { anyOf: [{ type: 'string' }, { type: 'null' }] },
};
/** Entries of a run that are read at most: it has a claim, an end, and what renewed its lease. */
const PER_RUN = 20;
/** How far back the last good slot is looked for. */
const DONE_DEPTH = 200;

const isOver = ({ aliveAt, leaseMs }: RunEntry, now: number): boolean =>
  now > aliveAt + leaseMs + CLOCK_TOLERANCE_MS || isAhead(aliveAt, now);

const isAhead = (time: number, now: number): boolean => time > now + CLOCK_TOLERANCE_MS;

export function openJobLog(options: {
  store: ObjectStore;
  domain: string;
  job: string;
  clock: Clock;
}): JobLog {
  const { store, domain, job, clock } = options;
  const log = openTimedLog<RunDraft>({
    ...{ store, domain, fields, what: 'run of a job', format: JOB_FORMAT },
    prefix: objectKeys.jobLog(domain, job),
    keyOf: (number) => objectKeys.jobEntry(domain, job, number),
  });

  /** The same run in another state; null where another one has taken the job over. */
  async function follow(run: string, state: RunState, problem: string | null) {
    const entry = await log.append(async (head) => {
      if (head?.run !== run || head.state !== 'running') return null;
      const now = clock.now();
      return { ...draftOf(head), at: now, aliveAt: now, state, problem };
    });
    return entry !== null;
  }

  return {
    async claim({ slot, owner, leaseMs }) {
      const run = randomUUID();
      const entry = (await log.append(async (head) => {
        const at = clock.now();
        refuse(head, slot, at);
        const attempt = head?.slot === slot ? head.attempt + 1 : 1;
        const times = { at, startedAt: at, aliveAt: at, leaseMs };
        return { ...times, job, slot, run, attempt, state: 'running', owner, problem: null };
      })) as RunEntry;
      return {
        ...{ slot, attempt: entry.attempt },
        renew: () => follow(run, 'running', null),
        end: (outcome, problem) => follow(run, outcome, problem ?? null),
      };
    },
    async lastDone() {
      let read = 0;
      for await (const entries of log.backwards()) {
        const done = entries.find(({ state }) => state === 'ok');
        if (done) return done.slot;
        read += entries.length;
        if (read >= DONE_DEPTH) break;
      }
      return null;
    },
    async runs({ now, at, limit = 50 }) {
      const newest = new Map<string, RunEntry>();
      let read = 0;
      for await (const entries of log.backwards(at)) {
        for (const entry of entries) if (!newest.has(entry.run)) newest.set(entry.run, entry);
        read += entries.length;
        if (newest.size >= limit || read >= limit * PER_RUN) break;
      }
      return [...newest.values()].slice(0, limit).map((entry, i) => runOf(entry, i > 0, now));
    },
    verify: () => log.verify(),
  };
}

function refuse(head: RunEntry | null, slot: number, now: number): void {
  if (head === null) return;
  const { job, state, owner, startedAt, slot: other } = head;
  const since = new Date(startedAt).toISOString();
  if (state === 'running' && !isOver(head, now)) {
    throw new HeadwayError('RUN_IN_PROGRESS', `${job} has been running since ${since}`, {
      where: owner,
      fix: 'Wait for its end. Where its process is gone, the lease ends by itself.',
    });
  }
  const isLater = other > slot && !isAhead(other, now);
  const name = new Date(other).toISOString();
  if (state === 'ok' && (isLater || other === slot))
    throw new HeadwayError('RUN_IN_PROGRESS', `${job} was run for ${name} already`, {
      where: owner,
      fix: 'Nothing needs to be done: another scheduler was first.',
    });
  if (isLater)
    throw new HeadwayError('RUN_IN_PROGRESS', `${job} was begun for ${name}, a later time`, {
      where: owner,
      fix: 'That run did not end well: `headway jobs` says why, and its scheduler tries it again.',
    });
}

function draftOf(entry: RunEntry): RunDraft {
  const { format: _format, domain: _domain, number: _number, commitId: _id, ...draft } = entry;
  return draft;
}

function runOf(entry: RunEntry, isFollowed: boolean, now: number): JobRun {
  const { job, slot, attempt, state, startedAt, aliveAt, owner, problem } = entry;
  const isLost = state === 'running' && (isFollowed || isOver(entry, now));
  const why = 'its process ended without a result, and its lease ran out';
  return {
    ...{ job, slot, attempt, startedAt, owner, tookMs: aliveAt - startedAt },
    state: isLost ? 'lost' : state,
    problem: isLost ? why : problem,
  };
}
