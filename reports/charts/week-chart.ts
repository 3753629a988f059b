/**
 * Purpose: one number for every hour of the local week as a map of seven rows and 24 columns,
 * inline SVG.
 * Invariants: pure; a number that is not finite leaves its place empty; what is better and what is
 * worse than zero differ by more than colour alone (a mark); each place says its number.
 * Fails: never.
 */
import { escaped } from '../../platform/text/escaped.ts';

export interface WeekChart {
  /** Unique within the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** At 24 · weekday + hour, Monday first. */
  readonly values: readonly number[];
  readonly format: (value: number) => string;
  /** true: around zero in two colours, gains and losses; else from zero to the highest in one. */
  readonly isSigned?: boolean;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const LEFT = 36;
const STEP_X = 28.4;
const STEP_Y = 20;

export function weekSvg({
  id,
  title,
  description,
  values,
  format,
  isSigned = false,
}: WeekChart): string {
  const finite = values.filter(Number.isFinite);
  const most = finite.reduce((high, value) => Math.max(high, Math.abs(value)), 0) || 1;
  const cells = values.map((value, place) => {
    if (!Number.isFinite(value)) return '';
    const [weekday, hour] = [Math.floor(place / 24), place % 24];
    const strength = (0.05 + 0.95 * (Math.abs(value) / most)).toFixed(3);
    const tone = isSigned ? (value < 0 ? 'loss' : 'gain') : 'amount';
    const [x, y] = [LEFT + hour * STEP_X, weekday * STEP_Y];
    const says = `${WEEKDAYS[weekday]} ${String(hour).padStart(2, '0')}:00: ${format(value)}`;
    const mark =
      isSigned && value < 0 ? `<path class="minus" d="M${(x + 10.5).toFixed(1)} ${y + 9}h6"/>` : '';
    return `<g><title>${escaped(says)}</title><rect class="${tone}" x="${x.toFixed(1)}" y="${y}" width="27" height="18" rx="2" fill-opacity="${strength}"/>${mark}</g>`;
  });
  const days = WEEKDAYS.map((day, i) => `<text x="0" y="${i * STEP_Y + 14}">${day}</text>`);
  const hours = [0, 3, 6, 9, 12, 15, 18, 21].map(
    (hour) =>
      `<text x="${(LEFT + hour * STEP_X).toFixed(1)}" y="156">${String(hour).padStart(2, '0')}:00</text>`,
  );
  return [
    `<svg viewBox="0 0 720 162" role="img" aria-labelledby="${id}-t ${id}-d">`,
    `<title id="${id}-t">${escaped(title)}</title><desc id="${id}-d">${escaped(description)}</desc>`,
    ...cells,
    ...days,
    ...hours,
    '</svg>',
  ].join('\n');
}
