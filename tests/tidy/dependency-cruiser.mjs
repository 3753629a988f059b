/**
 * Purpose: which folder may import which, for dependency-cruiser (`npm run lint`).
 * docs/architecture.md has the same as a table. cli/, bench/, tools/, clients/, infra/lambda/ and
 * tests/ put the parts together and may import everything.
 */
const OURS =
  '^(bench|cli|clients|domains|forecasting|infra|library|platform|reports|services|storage|tests|tools|web)/';
const SERVICE = '^services/([^/]+)/';
const INPUT_OUTPUT =
  '^(fs|fs/promises|http|https|http2|net|tls|dgram|child_process)$|node_modules/(axios|fastify|@duckdb)/';

/** The public ports of storage, the types that they exchange. */
const PORTS = [
  '^storage/access/key-log\\.ts$',
  '^storage/open-store\\.ts$',
  '^storage/features/(feature-store|manifest|panel-hash|quarantine|requests|versions)\\.ts$',
  '^storage/features/online/online-snapshot\\.ts$',
  '^storage/models/(model-registry|model-card|promotion|restore-forecaster)\\.ts$',
  '^storage/forecasts/actuals-log\\.ts$',
  '^storage/ledger/ledger\\.ts$',
  '^storage/objects/object-store\\.ts$',
  '^storage/decisions/(decision-log|served-at)\\.ts$',
  '^storage/(jobs/job-log|alerts/alert-log|scores/(figures|score)-log)\\.ts$',
  '^storage/(monitoring/(check-log|overviews|series-records)|replay/checkpoints)\\.ts$',
  '^storage/streams/stream-log\\.ts$',
];

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** What a folder may import of this repository, next to itself. */
const layer = (folder, allowed = [], more = {}) =>
  rule(
    `${folder}-imports`,
    `Pass it in as an argument, or move it down: ${folder}/ may import ${allowed.join(', ') || 'nothing of ours'}`,
    { path: `^${folder}/` },
    { path: OURS, pathNot: [`^${folder}/`, ...allowed.map((path) => `^${path}`)], ...more },
  );

export default {
  forbidden: [
    rule('no-circles', 'Move what both need to a file of its own', {}, { circular: true }),
    layer('platform'),
    layer('forecasting'),
    rule(
      'forecasting-is-pure',
      'Take what was read as an argument',
      { path: '^forecasting/' },
      { path: INPUT_OUTPUT },
    ),
    layer('storage', ['forecasting/', 'platform/']),
    // A type of another layer is not a dependency of a domain.
    layer('domains', ['platform/'], { dependencyTypesNot: ['type-only'] }),
    layer('services', [
      'domains/(domain|expectations)\\.ts',
      'forecasting/',
      'platform/',
      'storage/',
    ]),
    rule(
      'services-apart',
      'Services meet in storage only',
      { path: SERVICE },
      { path: SERVICE, pathNot: '^services/$1/' },
    ),
    rule(
      'storage-ports',
      'Use a public port of storage',
      { path: '^services/' },
      { path: '^storage/', pathNot: PORTS },
    ),
    rule(
      'http-in-plugins-and-routes',
      'Throw a HeadwayError: only plugins, routes and responses know HTTP',
      { path: '^services/inference/(access|batch|models|prediction|serving)/' },
      { path: '^services/inference/(plugins|routes|responses)/|node_modules/fastify/' },
    ),
    rule(
      'telemetry-on-demand',
      'Use import(): a process without traces does not load OpenTelemetry',
      { pathNot: '^platform/telemetry/open-telemetry\\.ts$' },
      {
        path: '^platform/telemetry/open-telemetry\\.ts$|node_modules/@opentelemetry/',
        dependencyTypesNot: ['type-only', 'dynamic-import'],
      },
    ),
    layer('reports', [
      'domains/(domain|expectations)\\.ts',
      ...['forecasting/', 'platform/', 'services/', 'storage/'],
    ]),
    // The public API through the published client, and the charts of the reports.
    layer('web', [
      ...['clients/typescript/headway-', 'platform/text/(decoded|scales)\\.ts', 'reports/charts/'],
      'forecasting/evaluation/forecaster-names\\.ts',
    ]),
    layer('infra/aws', ['infra/cost/']),
    // As others see it: the core, and the training that every figure comes from.
    layer('library', ['domains/domain\\.ts', 'forecasting/', 'platform/', 'services/training/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^tests/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
