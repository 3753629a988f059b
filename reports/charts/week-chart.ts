/**
 * Purpose: one number for every hour of the local week, as seven rows of 24 cells.
 * Invariants: pure; a number that is not finite leaves its cell empty; a loss differs from a gain
 * by a mark, not by colour alone; each cell has its number as a title.
 * Fails: never.
 */
import * as Plot from '@observablehq/plot';
import { colour } from './look.ts';
import type { Chart } from './svg.ts';

export interface WeekChart {
  readonly title: string;
  readonly description: string;
  readonly width?: number;
  readonly height?: number;
  /** At 24 · weekday + hour, Monday first; null and NaN are unknown. */
  readonly values: readonly (number | null)[];
  readonly format: (value: number) => string;
  /** true: gains and losses in two colours; else from zero to the highest in one. */
  readonly isSigned?: boolean;
}

export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Below it the names of hours need twice the room. */
const NARROW = 600;

const hourText = (hour: number): string => `${String(hour).padStart(2, '0')}:00`;

export function weekChart(chart: WeekChart): Chart {
  const { title, description, width = 960, height = 216, values, format, isSigned } = chart;
  const cells = values.flatMap((value, place) => {
    if (value === null || !Number.isFinite(value)) return [];
    const [weekday, hour] = [Math.floor(place / 24), place % 24];
    return [
      { weekday, hour, value, says: `${WEEKDAYS[weekday]} ${hourText(hour)}: ${format(value)}` },
    ];
  });
  const highest = cells.reduce((high, { value }) => Math.max(high, Math.abs(value)), 0) || 1;
  const isLoss = ({ value }: { value: number }) => isSigned === true && value < 0;
  const text = { frameAnchor: 'left', fill: colour('muted') } as const;
  return {
    title,
    description,
    panels: [
      {
        ...{ width, height, marginTop: 20, marginBottom: 0, marginLeft: 40 },
        marginRight: 0,
        x: {
          type: 'band',
          domain: Array.from({ length: 24 }, (_, i) => i),
          axis: null,
          padding: 0.06,
        },
        y: { type: 'band', domain: WEEKDAYS.map((_, i) => i), axis: null, padding: 0.08 },
        marks: [
          Plot.cell(cells, {
            ...{ x: 'hour', y: 'weekday', title: 'says', rx: 2 },
            fill: (cell) => colour(isLoss(cell) ? 'naive' : 'forecast'),
            fillOpacity: ({ value }) => Math.round(5 + (95 * Math.abs(value)) / highest) / 100,
            ariaDescription: 'hours',
          }),
          Plot.text(cells.filter(isLoss), {
            ...{ x: 'hour', y: 'weekday', text: () => '−', fill: colour('ink') },
            ariaDescription: 'losses',
          }),
          Plot.text(WEEKDAYS, {
            ...{
              ...text,
              y: (_, i) => i,
              text: (day: string) => day,
              textAnchor: 'start',
              dx: -40,
            },
          }),
          Plot.text(width < NARROW ? [0, 6, 12, 18] : [0, 3, 6, 9, 12, 15, 18, 21], {
            ...{ x: (hour: number) => hour, text: hourText, fill: colour('muted') },
            ...{ frameAnchor: 'top', lineAnchor: 'bottom', dy: -6 },
          }),
        ],
      },
    ],
  };
}
