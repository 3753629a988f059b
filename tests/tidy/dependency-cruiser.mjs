/**
 * Purpose: which folder may import which, for dependency-cruiser: `npm run lint:imports`.
 * docs/architecture.md has the same in words.
 */
const SERVICES = '^services/([^/]+)/';
/** What a service may import of storage: a port, never its interior. */
const PORTS = [
  '^storage/open-store\\.ts$',
  '^storage/features/(feature-store|feature-schema|schema|types|manifest)\\.ts$',
  '^storage/models/(model-registry)\\.ts$',
  '^storage/forecasts/(forecast-log|actuals-log)\\.ts$',
];

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const path = (...folders) => ({ path: `^(${folders.join('|')})/` });

/** Folder → what else of this repository it may import. */
const layer = (folder, ...allowed) =>
  rule(
    `${folder}-imports`,
    `${folder}/ may import ${['itself', ...allowed].join(', ')}`,
    { path: `^${folder}/` },
    {
      path: '^(bench|cli|clients|domains|forecasting|infra|platform|reports|services|storage|tests|tools|web)/',
      pathNot: `^(${[`${folder}/`, ...allowed].join('|')})`,
    },
  );

export default {
  forbidden: [
    rule('no-circles', 'Move what both need to a file of its own', {}, { circular: true }),
    layer('platform'),
    layer('forecasting'),
    layer('storage', 'forecasting/', 'platform/'),
    layer('services', 'domains/(domain|expectations)\\.ts', 'forecasting/', 'platform/', 'storage/'),
    layer('reports', 'forecasting/', 'platform/', 'services/', 'storage/'),
    {
      ...layer('domains', 'platform/'),
      to: { ...layer('domains', 'platform/').to, dependencyTypesNot: ['type-only'] },
    },
    layer('infra/aws'),
    layer('clients'),
    rule(
      'services-apart',
      'Services meet in storage only',
      { path: SERVICES },
      { path: SERVICES, pathNot: '^services/$1/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|tests)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
  },
};
