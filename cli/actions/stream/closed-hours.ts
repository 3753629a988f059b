/**
 * Purpose: runs a job as soon as an hour of a stream has closed.
 * Invariants: one run at a time; hours that close while it runs are one more run. What fails is
 * said, and tried again when the next entry is landed, or a minute later where none is. Landing
 * never waits for it.
 * Fails: USAGE where the source is not the stream. A run that fails is a warning.
 */
import type { Clock } from '../../../platform/clock.ts';
import { describeError, HeadwayError } from '../../../platform/errors.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import { completeUntil, HOUR_MS } from '../../../services/feature/sources/stream-hours.ts';
import { parseStreamSpec } from '../../../services/feature/sources/stream-source.ts';
import type { StreamEntry } from '../../../storage/streams/stream-log.ts';
import type { CommandContext } from '../../context.ts';
import { jobRuns } from '../../job-runs.ts';

const RETRY_MS = 60_000;

export interface ClosedHoursOptions {
  readonly latenessMs: number;
  readonly clock: Pick<Clock, 'elapsedMs'>;
  /** @param hour UTC ms up to which hours are closed */
  run(hour: number): Promise<void>;
  onProblem(error: unknown): void;
}

export class ClosedHours {
  readonly #options: ClosedHoursOptions;
  /** Up to where hours were closed when the last run began that did not fail. */
  #done = Number.NEGATIVE_INFINITY;
  #wanted = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  /** When the last run failed; null where it did not. */
  #failedAt: number | null = null;

  constructor(options: ClosedHoursOptions) {
    this.#options = options;
  }

  /** @param head the newest entry of the stream */
  notice(head: StreamEntry): void {
    const until = completeUntil(head, this.#options.latenessMs);
    if (until === null) return;
    this.#wanted = Math.max(this.#wanted, Math.floor(until / HOUR_MS) * HOUR_MS);
    if (this.#wanted > this.#done) this.#running ??= this.#run();
  }

  /** Begins a run that failed again, a minute after it did. Called as often as one likes. */
  retry(): void {
    if (this.#failedAt === null) return;
    if (this.#options.clock.elapsedMs() - this.#failedAt >= RETRY_MS) this.#running ??= this.#run();
  }

  /** Resolves when nothing runs. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { run, onProblem, clock } = this.#options;
    this.#failedAt = null;
    while (this.#wanted > this.#done) {
      const hour = this.#wanted;
      try {
        await run(hour);
        this.#done = hour;
      } catch (error) {
        this.#failedAt = clock.elapsedMs();
        onProblem(error);
        break;
      }
    }
    this.#running = null;
  }
}

/** The job `features` of the schedule, with the stream as its source. */
export function closedHoursOf(
  context: CommandContext,
  topic: string,
  signal: AbortSignal,
): ClosedHours {
  const { settings, logger, childEnvironment, clock } = context;
  const source = settings.source ?? `stream:${topic}`;
  const spec = source.startsWith('stream:') ? parseStreamSpec(source) : null;
  if (spec?.topic !== topic) {
    throw new HeadwayError('USAGE', `--forecast needs the stream ${topic} as the source`, {
      where: `HEADWAY_SOURCE is ${JSON.stringify(source)}`,
      fix: `Set HEADWAY_SOURCE to stream:${topic}, with its options, or unset it.`,
    });
  }
  const { features } = jobRuns(context, { ...childEnvironment, HEADWAY_SOURCE: source });
  return new ClosedHours({
    ...{ latenessMs: spec.latenessMs, clock },
    async run(hour) {
      logger.info({ until: utcText(hour) }, 'an hour has closed: features');
      const limit = AbortSignal.timeout(settings.jobMinutes * 60_000);
      await features(AbortSignal.any([signal, limit]), clock.now());
    },
    onProblem(error) {
      // A run that was stopped with the lander has not failed.
      if (signal.aborted) return;
      logger.warn({ error: describeError(error) }, 'features failed; trying again');
    },
  });
}
