/**
 * Purpose: the style of the leaderboard page: one set of colours for light, one for dark, the same
 * classes in all its pictures.
 * Invariants: nothing is loaded; lines differ by dash as well as by colour where they are benchmarks of
 * one kind.
 * Fails: never.
 */
export const LEADERBOARD_STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --card: #f6f8fa; --soft: #57616c; --line: #d9dee4; --grid: #e9edf1;
  --network: #1d5fd1; --naive: #b4620a; --week: #8a6d3b; --last: #8b95a1; --smooth: #0b8574; --ridge: #8b3fb8; --champion: #c02a63;
  --oracle: #2b3643; --actual: #2b3643; --gain: #0b8574; --loss: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #14181d; --card: #1b2128; --soft: #9ba6b2; --line: #343d47;
  --grid: #232b33; --network: #6cabff; --naive: #e9a64b; --week: #c7ab77; --last: #77828e; --smooth: #45c7b0; --ridge: #c58af0;
  --champion: #f2739f; --oracle: #dbe3ec; --actual: #dbe3ec; --gain: #45c7b0; --loss: #fb8a4c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.75rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; text-wrap: balance; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .35rem; } h3 { font-size: 1rem; margin: 1.5rem 0 .35rem; }
p, figcaption, summary, li { color: var(--soft); } p { margin: 0 0 .75rem; max-width: 48rem; } figcaption { font-size: .9rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0 0; }
.cards div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .9rem; }
.cards b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; } .cards span { color: var(--soft); font-size: .85rem; }
.wide { overflow-x: auto; margin: 0 0 .75rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .93rem; }
th, td { text-align: right; padding: .32rem .55rem; border-bottom: 1px solid var(--line); white-space: nowrap; font-weight: 400; }
thead th { color: var(--soft); font-weight: 500; font-size: .85rem; vertical-align: bottom; white-space: normal; }
th:first-child { text-align: left; } tbody th { overflow-wrap: anywhere; white-space: normal; min-width: 11.5rem; }
tr.subject > * { background: var(--card); font-weight: 650; } tr.apart > * { color: var(--soft); font-style: italic; }
.better { color: var(--gain); } .worse { color: var(--loss); }
.meter { display: inline-block; width: 5.5rem; height: .55rem; margin-left: .6rem; background: var(--grid); border-radius: .3rem; overflow: hidden; }
.meter i { display: block; height: 100%; background: var(--last); } .subject .meter i { background: var(--network); }
figure { margin: .5rem 0 1.25rem; overflow-x: auto; } figure > svg { min-width: 36rem; } .fans figure > svg { min-width: 0; } svg { width: 100%; height: auto; display: block; overflow: visible; }
svg text { fill: var(--soft); font: 11.5px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
svg text.heading { fill: var(--ink); font-size: 13px; font-weight: 600; }
.grid { stroke: var(--grid); } .axis, .tick { stroke: var(--line); } .mark { stroke: var(--soft); stroke-dasharray: 2 3; }
.rule { stroke: var(--ink); stroke-dasharray: 5 4; stroke-opacity: .7; }
.line { fill: none; stroke: var(--tone); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; } .dashed { stroke-dasharray: 5 4; }
.line.t-network, .line.t-actual { stroke-width: 2.4; } .dot { fill: var(--tone); } .band { fill: var(--tone); fill-opacity: .2; }
.t-network { --tone: var(--network); } .t-naive { --tone: var(--naive); } .t-week { --tone: var(--week); } .t-last { --tone: var(--last); }
.t-smooth { --tone: var(--smooth); } .t-ridge { --tone: var(--ridge); } .t-champion { --tone: var(--champion); }
.t-rule { --tone: var(--soft); stroke-width: 1.2; } .t-oracle { --tone: var(--oracle); } .t-actual { --tone: var(--actual); }
rect.amount { fill: var(--network); } rect.gain { fill: var(--gain); } rect.loss { fill: var(--loss); } .minus { stroke: var(--ink); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .25rem 0 .5rem; padding: 0; font-size: .9rem; }
.legend li { display: flex; align-items: center; gap: .45rem; } .legend svg.key { width: 22px; flex: none; }
.fans { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 1rem 1.5rem; }
.fans figure { margin: 0; } details { margin: 0 0 1rem; } summary { cursor: pointer; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; font-size: .9rem; }
@media print { body { max-width: none; } figure, tr { break-inside: avoid; } }`;
