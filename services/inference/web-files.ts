/**
 * Purpose: the files of the dashboard that the service hands out: for its routes, and for whoever
 * packs them.
 * Invariants: names are relative to web/.
 * Fails: never.
 */
export const DASHBOARD_SCRIPTS = [
  'page.js',
  'api-key.js',
  'chart.js',
  'scales.js',
  'series-picker.js',
  'metric-rows.js',
];
export const DASHBOARD_FILES = ['page.html', 'page.css', ...DASHBOARD_SCRIPTS];
