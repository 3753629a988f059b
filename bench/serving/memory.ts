/**
 * Purpose: whether a process and its children keep taking memory: watched from outside, and judged
 * by a slope.
 * Invariants: the first third, in which caches fill and code is compiled, is left out; the slope is
 * that of ten block means, because neighbouring samples say the same; flat is what may be no slope
 * at all, or too little to matter.
 * Fails: never; where there is no /proc nothing is said.
 */
import { readFile } from 'node:fs/promises';
import { systemClock } from '../../platform/clock.ts';
import { sleep } from '../../platform/timers.ts';

export interface MemorySample {
  readonly second: number;
  readonly mb: number;
}

export interface Slope {
  readonly mean_mb: number;
  readonly mb_per_minute: number;
  readonly standard_error: number;
  /** Over the watched time, as a share of the mean. */
  readonly growth: number;
  readonly is_flat: boolean;
}

const PAGE = 4096;
const BLOCKS = 10;
const MATTERS = 0.03;

/** Adds a sample a second to `into`. */
export async function watchMemory(
  pid: number,
  seconds: number,
  into: MemorySample[],
): Promise<void> {
  const started = systemClock.elapsedMs();
  for (;;) {
    const second = (systemClock.elapsedMs() - started) / 1000;
    if (second >= seconds) return;
    const mb = await residentMb(pid).catch(() => null);
    if (mb === null) return;
    into.push({ second, mb });
    await sleep(1000);
  }
}

async function residentMb(pid: number): Promise<number> {
  const [statm, children] = await Promise.all(
    [`/proc/${pid}/statm`, `/proc/${pid}/task/${pid}/children`].map((path) =>
      readFile(path, 'utf8'),
    ),
  );
  const own = (Number((statm as string).split(' ')[1]) * PAGE) / 1e6;
  const others = (children as string).split(' ').filter(Boolean).map(Number);
  // A child may have ended meanwhile.
  const theirs = await Promise.all(others.map((child) => residentMb(child).catch(() => 0)));
  return theirs.reduce((sum, mb) => sum + mb, own);
}

export function slope(samples: readonly MemorySample[]): Slope | null {
  const late = samples.slice(Math.floor(samples.length / 3));
  if (late.length < 2 * BLOCKS) return null;
  const size = Math.floor(late.length / BLOCKS);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const blocks = Array.from({ length: BLOCKS }, (_, b) => late.slice(b * size, (b + 1) * size));
  const xs = blocks.map((block) => mean(block.map(({ second }) => second / 60)));
  const ys = blocks.map((block) => mean(block.map(({ mb }) => mb)));
  const [x, y] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, at) => sum + (at - x) ** 2, 0);
  const perMinute = xs.reduce((sum, at, b) => sum + (at - x) * ((ys[b] as number) - y), 0) / spread;
  const residual = xs.reduce(
    (sum, at, b) => sum + ((ys[b] as number) - y - perMinute * (at - x)) ** 2,
    0,
  );
  const error = Math.sqrt(residual / (BLOCKS - 2) / spread);
  const minutes = ((late.at(-1) as MemorySample).second - (late[0] as MemorySample).second) / 60;
  const growth = (perMinute * minutes) / y;
  return {
    ...{ mean_mb: y, mb_per_minute: perMinute, standard_error: error, growth },
    is_flat: growth <= MATTERS || perMinute - 2 * error <= 0,
  };
}
