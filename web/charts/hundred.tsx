/**
 * Purpose: a share as a hundred squares: what a coverage of 79 % is, without a word.
 * Invariants: as many squares are filled as of a hundred held; the line is where the last filled
 * one should be; shape differs, not colour alone.
 * Fails: never.
 */
export interface HundredProps {
  /** 0 to 100, whole. */
  readonly held: number;
  readonly should: number;
}

const CELL = 20;
const ROW = 10;
const SIDE = CELL * ROW;

export function Hundred({ held, should }: HundredProps) {
  const line = SIDE - (should / ROW) * CELL;
  return (
    <div class="hundred" role="img" aria-label={`${held} of 100 intervals held, ${should} should`}>
      <svg viewBox={`0 0 ${SIDE} ${SIDE}`} aria-hidden="true">
        {Array.from({ length: ROW * ROW }, (_, i) => (
          <rect
            key={i}
            class={i < held ? 'in' : 'out'}
            x={(i % ROW) * CELL + 1.5}
            y={SIDE - CELL * (Math.floor(i / ROW) + 1) + 1.5}
            width={CELL - 3}
            height={CELL - 3}
            rx={2}
          />
        ))}
        <path d={`M0 ${line}H${SIDE}`} />
      </svg>
      <ul>
        <li>
          <i class="in" />
          actual inside
        </li>
        <li>
          <i class="out" />
          actual outside
        </li>
        <li>
          <i class="aim" />
          {should} should be inside
        </li>
      </ul>
    </div>
  );
}
