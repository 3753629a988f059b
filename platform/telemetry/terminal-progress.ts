/**
 * Purpose: shows Progress to people: a bar on a terminal; elsewhere (a log, CI) a plain line every
 * few seconds.
 * Invariants: writes to standard error only, so that results can be piped; a new `start` ends the
 * bar before it.
 * Fails: never; a stream that cannot be written is ignored: the work matters more than its display.
 */
import cliProgress from 'cli-progress';
import type { Clock } from '../clock.ts';
import type { Progress } from '../progress.ts';
import { printable } from '../text/printable.ts';

export interface TerminalProgressOptions {
  readonly clock: Clock;
  /** Default: standard error. */
  readonly stream?: NodeJS.WriteStream | (NodeJS.WritableStream & { isTTY?: boolean });
  /** Minimum time between two lines where there is no terminal. */
  readonly everyMs?: number;
}

interface Work {
  readonly label: string;
  readonly total: number;
  /** Units of an earlier run, which say nothing about the pace of this one. */
  readonly before: number;
  readonly startedMs: number;
  done: number;
  note: string;
}

export function terminalProgress({
  clock,
  stream = process.stderr,
  everyMs = 5_000,
}: TerminalProgressOptions): Progress {
  const show = stream.isTTY ? barOn(stream) : linesOn(stream, clock, everyMs);
  let work: Work | null = null;
  const end = (note?: string) => {
    if (work === null) return;
    const ended = { ...work, note: printable(note ?? '') };
    work = null;
    quietly(() => show.end(ended, clock.elapsedMs() - ended.startedMs));
  };
  return {
    start: (label, size, earlier = 0) => {
      end();
      const total = Math.max(0, size);
      const before = Math.min(Math.max(0, earlier), total);
      work = { label, total, before, startedMs: clock.elapsedMs(), done: before, note: '' };
      const begun = work;
      quietly(() => show.begin(begun));
    },
    update: (done, note) => {
      if (work === null) return;
      const current = work;
      current.done = Math.min(Math.max(0, done), current.total);
      current.note = note === undefined ? current.note : printable(note);
      quietly(() => show.move(current, clock.elapsedMs() - current.startedMs));
    },
    stop: end,
  };
}

interface Display {
  begin(work: Work): void;
  move(work: Work, elapsedMs: number): void;
  end(work: Work, elapsedMs: number): void;
}

function barOn(stream: NodeJS.WritableStream): Display {
  let bar: cliProgress.SingleBar | null = null;
  return {
    begin: (work) => {
      bar = new cliProgress.SingleBar({
        stream,
        format: '{label} {bar} {percentage} %{left}{note}',
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 24,
        fps: 8,
        linewrap: null,
        hideCursor: null,
        emptyOnZero: true,
        // The command line has its own handling of Ctrl-C; the bar must not add another.
        gracefulExit: false,
      });
      bar.start(work.total, work.done, { label: work.label, note: '', left: '' });
    },
    move: (work, elapsedMs) => {
      bar?.update(work.done, {
        note: withDot(work.note),
        left: withDot(timeLeft(work, elapsedMs)),
      });
    },
    end: (work, elapsedMs) => {
      bar?.update(work.done, { note: withDot(work.note), left: withDot(seconds(elapsedMs)) });
      bar?.stop();
      bar = null;
    },
  };
}

function linesOn(stream: NodeJS.WritableStream, clock: Clock, everyMs: number): Display {
  let lastMs = 0;
  const write = (text: string) => {
    lastMs = clock.elapsedMs();
    stream.write(`${text}\n`);
  };
  return {
    begin: (work) => write(`${work.label} …`),
    move: (work, elapsedMs) => {
      if (clock.elapsedMs() - lastMs < everyMs) return;
      const percent = work.total === 0 ? 0 : Math.floor((work.done / work.total) * 100);
      write(
        `${work.label}: ${percent} %${withDot(timeLeft(work, elapsedMs))}${withDot(work.note)}`,
      );
    },
    end: (work, elapsedMs) =>
      write(`${work.label}: done after ${seconds(elapsedMs)}${withDot(work.note)}`),
  };
}

/** Less than this share says little about the pace: workers start, and code is compiled. */
const NO_PACE_YET = 0.02;

/** "about 12 s left", from the pace so far; empty where there is no pace yet. */
function timeLeft(work: Work, elapsedMs: number): string {
  const done = work.done - work.before;
  if (done < NO_PACE_YET * work.total || work.done >= work.total) return '';
  return `about ${seconds((elapsedMs / done) * (work.total - work.done))} left`;
}

function seconds(ms: number): string {
  const whole = Math.round(ms / 1000);
  return whole < 100 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const withDot = (text: string): string => (text === '' ? '' : ` · ${text}`);

function quietly(show: () => void): void {
  try {
    show();
  } catch {
    // See "Fails" above.
  }
}
