/**
 * Purpose: the page in the browser: what is known now, why, and was it right.
 * Invariants: everything comes from the public API of the service that served the page; nothing is
 * stored; text of the API is set as text.
 * Fails: never without words: shell/states.tsx says what is missing and what to do.
 *
 * To add a view: write `views/<id>.tsx` with one exported component without props, and add one line
 * to `views.ts`. The component calls `usePage()` for the service, the address and `go()`, and
 * `useData(key, load)` for what it shows; it is drawn when the model and the series are known. What
 * it keeps between visits goes into the address: `go({ at, id, query })`. Colours and marks are in
 * `reports/charts`; `charts/plot-chart.tsx` draws them. Timers and the clock: `data/timers.ts`.
 * The service bundles this file with esbuild (services/inference/page-files.ts).
 */
import './styles/page.css';
import './styles/charts.css';
import './styles/views.css';
import './styles/monitoring.css';
import { render } from 'preact';
import { LOOK } from '../reports/charts/look.ts';
import { App } from './shell/app.tsx';

// The colours of charts and reports. A constructed sheet, because inline styles are not allowed.
const sheet = new CSSStyleSheet();
sheet.replaceSync(LOOK);
document.adoptedStyleSheets = [sheet];

render(<App />, document.getElementById('page') as HTMLElement);
