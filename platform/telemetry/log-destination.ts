/**
 * Purpose: writes log lines to a file descriptor, synchronously.
 * Invariants: a write that fails never throws. Lines that cannot be written are dropped and
 * counted; when a write succeeds again `onRecovered` gets the number dropped since the last
 * success. A line that was cut off is completed first, so lines are never mixed. A slow reader is
 * waited for, but not for long and not again before it reads.
 * Fails: never.
 */
import { writeSync } from 'node:fs';

export interface LogDestination {
  write(text: string): void;
  /** Lines dropped since the start. */
  readonly dropped: number;
}

export interface LogDestinationOptions {
  readonly fd: number;
  readonly onRecovered: (dropped: number) => void;
  /** Writes bytes from an offset, returns how many; default: `writeSync`. */
  readonly writeBytes?: (fd: number, bytes: Buffer, offset: number) => number;
}

/** A full pipe returns EAGAIN: its reader gets this long in total, in steps of STEP_MS. */
const MAX_WAIT_MS = 1000;
const STEP_MS = 20;

const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

export function openLogDestination({
  fd,
  onRecovered,
  writeBytes = writeSync,
}: LogDestinationOptions): LogDestination {
  let dropped = 0;
  let unreported = 0;
  let isFailing = false;
  /** The rest of a line whose beginning was written. */
  let rest: Buffer = NOTHING;
  const pause = new Int32Array(new SharedArrayBuffer(4));

  /** Returns how many bytes were written. */
  function writeAll(bytes: Buffer): number {
    let written = 0;
    let waitedMs = isFailing ? MAX_WAIT_MS : 0;
    while (written < bytes.length) {
      try {
        written += writeBytes(fd, bytes, written);
      } catch (error) {
        const isFull = (error as NodeJS.ErrnoException).code === 'EAGAIN';
        if (!isFull || waitedMs >= MAX_WAIT_MS) break;
        Atomics.wait(pause, 0, 0, STEP_MS);
        waitedMs += STEP_MS;
      }
    }
    return written;
  }

  function drop(bytes: Buffer, written: number): void {
    const isCut = written > 0 ? bytes[written - 1] !== NEWLINE : rest.length > 0;
    const firstLost = isCut ? bytes.indexOf(NEWLINE, written) + 1 : written;
    rest = isCut ? bytes.subarray(written, firstLost) : NOTHING;
    const lines = bytes.subarray(firstLost).reduce((n, byte) => n + Number(byte === NEWLINE), 0);
    dropped += lines;
    unreported += lines;
  }

  return {
    write(text) {
      const given = Buffer.from(text);
      const bytes = rest.length > 0 ? Buffer.concat([rest, given]) : given;
      const written = writeAll(bytes);
      isFailing = written < bytes.length;
      if (isFailing) {
        drop(bytes, written);
        return;
      }
      rest = NOTHING;
      if (unreported === 0) return;
      const lines = unreported;
      unreported = 0;
      onRecovered(lines);
    },
    get dropped() {
      return dropped;
    },
  };
}
