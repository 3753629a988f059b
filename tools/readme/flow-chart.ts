/**
 * Purpose: the picture of how data flows: boxes are folders, arrows are files. Written to
 * docs/flow.svg.
 * Invariants: pure; no script, no font from elsewhere; brings its own ground, light and dark;
 * tests/readme.test.ts holds that every box's folder exists.
 * Fails: never.
 */
interface Box {
  readonly label: string;
  readonly note: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly kind: 'source' | 'service' | 'store';
}

const HEIGHT = 54;
const TOP = 62;
const STORE = 206;

/** A label that ends in "/" is a folder of the repository. */
export const BOXES: readonly Box[] = [
  { label: 'domains/', note: 'raw files', x: 24, y: TOP, width: 132, kind: 'source' },
  {
    label: 'services/feature/',
    note: 'validate, aggregate, commit',
    x: 204,
    y: TOP,
    width: 188,
    kind: 'service',
  },
  {
    label: 'services/training/',
    note: 'backtest, fit, gate, promote',
    x: 440,
    y: TOP,
    width: 188,
    kind: 'service',
  },
  {
    label: 'services/inference/',
    note: 'HTTP: API, docs, dashboard/',
    x: 676,
    y: TOP,
    width: 188,
    kind: 'service',
  },
  {
    label: 'features',
    note: 'snapshots, known as of',
    x: 220,
    y: STORE,
    width: 188,
    kind: 'store',
  },
  { label: 'models', note: 'cards, promotions', x: 456, y: STORE, width: 188, kind: 'store' },
  {
    label: 'forecasts',
    note: 'the log of what was said',
    x: 692,
    y: STORE,
    width: 172,
    kind: 'store',
  },
];

/** Ends of arrows, and what they carry. */
const ARROWS: readonly {
  readonly path: string;
  readonly text?: string;
  readonly at?: readonly [number, number];
}[] = [
  { path: `M156 ${TOP + 27}H200` },
  { path: `M280 ${TOP + HEIGHT}V${STORE - 4}`, text: 'Parquet', at: [288, 164] },
  { path: `M380 ${STORE}C400 150 440 170 470 ${TOP + HEIGHT + 4}`, text: 'panel', at: [356, 146] },
  { path: `M540 ${TOP + HEIGHT}V${STORE - 4}`, text: 'weights', at: [548, 164] },
  {
    path: `M620 ${STORE}C640 150 680 170 706 ${TOP + HEIGHT + 4}`,
    text: 'champion',
    at: [586, 146],
  },
  { path: `M790 ${TOP + HEIGHT}V${STORE - 4}`, text: 'quantiles', at: [798, 164] },
  { path: `M864 ${TOP + 27}H912` },
];

const STYLE = `
.ground{fill:#fff;stroke:#dfe4ea}.box{fill:#f4f7fb;stroke:#9fb0c3}.service{fill:#e8f0fd;stroke:#1d5fd1}.store{fill:#fdf3e6;stroke:#b4620a}
.band{fill:none;stroke:#b4620a;stroke-dasharray:5 4}.arrow{fill:none;stroke:#586574;stroke-width:1.6}.head{fill:#586574}
text{fill:#586574;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.label{fill:#17202b;font-size:15px;font-weight:700}
@media (prefers-color-scheme:dark){.ground{fill:#161d26;stroke:#2a3440}.box{fill:#1d2732;stroke:#4b5b6d}.service{fill:#17294a;stroke:#6cabff}
.store{fill:#33260f;stroke:#e9a64b}.band{stroke:#e9a64b}.arrow{stroke:#97a4b3}.head{fill:#97a4b3}text{fill:#97a4b3}.label{fill:#e6ebf1}}`;

export function flowSvg(): string {
  const boxes = BOXES.map(
    ({ label, note, x, y, width, kind }) =>
      `<rect class="box ${kind}" x="${x}" y="${y}" width="${width}" height="${HEIGHT}" rx="8"/>` +
      `<text class="label" x="${x + width / 2}" y="${y + 24}" text-anchor="middle">${label}</text>` +
      `<text x="${x + width / 2}" y="${y + 42}" text-anchor="middle">${note}</text>`,
  );
  const arrows = ARROWS.map(({ path, text, at }) => {
    const words = text && at ? `<text x="${at[0]}" y="${at[1]}">${text}</text>` : '';
    return `<path class="arrow" d="${path}" marker-end="url(#head)"/>${words}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 384" role="img" aria-labelledby="title">
<title id="title">How data flows: domains, then services/feature, services/training and services/inference, which meet only in storage</title>
<style>${STYLE}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>
<rect class="ground" x="1" y="1" width="958" height="382" rx="10"/>
<text x="24" y="36">the services never call one another: they meet in storage/, on files</text>
<rect class="band" x="204" y="${STORE - 16}" width="676" height="102" rx="12"/>
<text class="label" x="216" y="${STORE + 78}">storage/</text>
<text x="298" y="${STORE + 78}">nothing is overwritten; every byte has a hash</text>
${boxes.join('\n')}
${arrows.join('\n')}
<text x="918" y="${TOP + 31}">curl</text>
<rect class="box" x="204" y="316" width="330" height="48" rx="8"/>
<text class="label" x="216" y="336">forecasting/</text><text x="216" y="354">one function builds the inputs, for training and serving</text>
<rect class="box" x="550" y="316" width="330" height="48" rx="8"/>
<text class="label" x="562" y="336">runtime/</text><text x="562" y="354">schedule: features hourly, training daily</text>
</svg>
`;
}
