/**
 * Purpose: the types of scales.js.
 * Invariants: says what scales.js does, no more.
 * Fails: never; there is no code here.
 */
export function niceTicks(low: number, high: number, count: number): number[];
export function localDays(timestamps: readonly number[], timeZone: string): number[];
export function timeLabels(timeZone: string): {
  day(timestamp: number): string;
  hour(timestamp: number): string;
  full(timestamp: number): string;
};
export function runs(values: ArrayLike<number>): { from: number; to: number }[];
export function numberLabel(value: number): string;
