/**
 * Purpose: reports the progress of long work to a terminal, a log or a test.
 * Invariants: `done` never exceeds `total`; a reporter never throws into the work it reports on.
 * Fails: never.
 */
export interface Progress {
  /** Work of `total` units named `label` starts, of which an earlier run has finished `before`. */
  start(label: string, total: number, before?: number): void;
  /** `done` units are finished; `note` is a short text such as the current file or loss. */
  update(done: number, note?: string): void;
  /** The work has ended; `note` is its result. */
  stop(note?: string): void;
}

export const silentProgress: Progress = { start() {}, update() {}, stop() {} };
