/**
 * Purpose: a line as small as a word: what was in ink, what will be in blue, on one scale.
 * Invariants: no library; a value that is not finite breaks the line.
 * Fails: never.
 */
export interface SparkSize {
  readonly width: number;
  readonly height: number;
  /** The value at the top; absent: the highest one. */
  readonly top?: number;
}

const EDGE = 1.5;

/** Of an SVG path; from zero, or from the lowest value where one is negative. */
export function sparkPath(
  values: readonly number[],
  size: SparkSize,
  offset = 0,
  count = values.length,
): string {
  const { width, height } = size;
  const finite = values.filter(Number.isFinite);
  const low = Math.min(0, ...finite);
  const span = (size.top ?? Math.max(0.1, ...finite)) - low || 1;
  let isBroken = true;
  return values
    .map((value, i) => {
      if (!Number.isFinite(value)) {
        isBroken = true;
        return '';
      }
      const x = ((offset + i) / Math.max(1, count - 1)) * width;
      const y = height - EDGE - ((value - low) / span) * (height - 2 * EDGE);
      const command = isBroken ? 'M' : 'L';
      isBroken = false;
      return `${command}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}

export interface SparkProps {
  readonly past: readonly number[];
  readonly next: readonly number[];
}

const [WIDTH, HEIGHT] = [112, 24];

export function Spark({ past, next }: SparkProps) {
  const all = [...past, ...next].filter(Number.isFinite);
  const size = { width: WIDTH, height: HEIGHT, top: Math.max(0.1, ...all) };
  const count = past.length + next.length;
  // The line of the future begins where that of the past ends.
  const joined = past.length > 0 ? [past[past.length - 1] as number, ...next] : next;
  const offset = Math.max(0, past.length - 1);
  return (
    <svg
      class="spark"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
    >
      {past.length > 1 && <path class="was" d={sparkPath(past, size, 0, count)} />}
      <path class="will" d={sparkPath(joined, size, offset, count)} />
    </svg>
  );
}
