/**
 * Purpose: colours and type of every chart and page, as CSS variables for light and dark.
 * Invariants: a chart names colours only as `var(--name)`, so one SVG serves both themes; red is
 * for trouble alone; lines of one colour differ by dash.
 * Fails: never.
 */
const LIGHT = {
  ground: '#ffffff',
  sunken: '#f5f6f8',
  line: '#e2e5e9',
  ink: '#15181d',
  muted: '#5b6370',
  actual: '#15181d',
  forecast: '#1f5fd6',
  band80: '#dbe7fc',
  band50: '#b3cdf8',
  naive: '#9a6200',
  trouble: '#c42b1f',
  part1: '#1f5fd6',
  part2: '#c98412',
  part3: '#0e8a7d',
  part4: '#8a4fc0',
  part5: '#7c8794',
  part6: '#c0558f',
  part7: '#7b7a1c',
};
export type Colour = keyof typeof LIGHT;

const DARK: Record<Colour, string> = {
  ground: '#0f1216',
  sunken: '#181c22',
  line: '#2a3039',
  ink: '#e9ebee',
  muted: '#9aa3b0',
  actual: '#e9ebee',
  forecast: '#6ea8ff',
  band80: '#172b4d',
  band50: '#22457f',
  naive: '#d99a2b',
  trouble: '#ff7466',
  part1: '#6ea8ff',
  part2: '#e0a64a',
  part3: '#3fbfae',
  part4: '#b78ae6',
  part5: '#8d98a6',
  part6: '#e58bba',
  part7: '#bdbb55',
};

export const colour = (name: Colour): string => `var(--${name})`;

const PARTS = 7;
/** Of the i-th of several parts that have no colour of their own. */
export const partColour = (index: number): string => `var(--part${(index % PARTS) + 1})`;

const variables = (colours: Record<Colour, string>): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');

export const FONT =
  '-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",system-ui,sans-serif';
/** Of all text in charts, in pixels. */
export const TEXT_SIZE = 13;
/** Width of a character of that size. */
export const CHARACTER = 6.7;

/** The variables, and how text in charts is set. */
export const LOOK = `:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
svg text{font-family:${FONT};font-variant-numeric:tabular-nums;white-space:pre}`;
