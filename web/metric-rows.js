/**
 * Purpose: find the figures in a model card's `metrics`, whatever depth the training service wrote
 * them at.
 * Invariants: a row is an object with a numeric `mae`; its name is the path to it; only known
 * figures are shown, in this order; the note covers those alone.
 * Fails: never; anything else gives no rows.
 */
const FIGURES = {
  mae: 'MAE',
  wape: 'WAPE',
  pinballLoss: 'pinball',
  mase: 'MASE',
  coverage: 'coverage',
  bias: 'bias',
  skill: 'skill',
};
const MAX_ROWS = 16;

export function metricRows(metrics) {
  const found = [];
  const visit = (value, path) => {
    if (value === null || typeof value !== 'object' || path.length > 5 || found.length >= MAX_ROWS)
      return;
    if (typeof value.mae === 'number') {
      found.push({ path, value });
      return;
    }
    for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
  };
  visit(metrics, []);
  const keys = Object.keys(FIGURES).filter((key) =>
    found.some(({ value }) => typeof value[key] === 'number'),
  );
  return {
    columns: keys.map((key) => FIGURES[key]),
    note: [
      "From the champion's card. Lower is better",
      keys.includes('skill') ? ', except skill' : '',
      keys.includes('coverage') ? '; coverage should be near its nominal share' : '',
      '.',
    ].join(''),
    rows: found.map(({ path, value }) => ({
      name: path.join(' · '),
      values: keys.map((key) => value[key] ?? Number.NaN),
    })),
  };
}
