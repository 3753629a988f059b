/**
 * Purpose: where the name and the title of the project are written, and how they are replaced.
 * Invariants: settings (`HEADWAY_…`), metrics (`headway_…`), the command, identifiers of the code,
 * the format of the store and the licence keep their names, so that merges from upstream stay easy.
 * Fails: never.
 */

/** The project as it is called before it is renamed. */
export const ORIGINAL = { name: 'headway', title: 'Headway' } as const;

export interface ProjectName {
  /** Of the package, images, stacks: lower case. */
  readonly name: string;
  /** For people. */
  readonly title: string;
}

export interface Rule {
  /** Relative to the root, with "/". */
  readonly files: RegExp;
  readonly pattern: RegExp;
  readonly text: (to: ProjectName) => string;
}

const name = (to: ProjectName): string => to.name;
const title = (to: ProjectName): string => to.title;

/** What names images, stacks, roles and Kubernetes objects, and the documents and tests of them. */
const DEPLOYED_PLACES = [
  '\\.github/workflows/.*',
  'Dockerfile',
  'docker-compose\\.yml',
  'docs/[\\w-]+\\.md',
  'infra/(aws|kubernetes|observability)/.*',
  'tests/(cloud|unit/infra|unit/delivery|integration/infra)/.*',
];
const DEPLOYED = new RegExp(`^(${DEPLOYED_PLACES.join('|')})$`);

export const RULES: readonly Rule[] = [
  // The package: its own name comes first in both files.
  { files: /^package(-lock)?\.json$/, pattern: /(?<="name": ")headway(?=")/g, text: name },
  {
    files: /^(docs\/.*\.md|library\/(README\.md|example\.ts))$/,
    pattern: /(?<=from '|`)headway(?=\/forecasting|\/client)/g,
    text: name,
  },
  { files: /^\.changeset\/.*\.md$/, pattern: /(?<=^")headway(?=": )/gm, text: name },
  // Images, stacks, roles, Kubernetes objects: `headway-inference`, `headway-prod-data`.
  {
    files: DEPLOYED,
    pattern: /(?<![\w.-])headway-(?!(?:api|client|process|prometheus)\b)(?=[A-Za-z$*<{'])/g,
    text: (to) => `${to.name}-`,
  },
  // The monitored job, and what Kubernetes calls the whole.
  {
    files: /^(infra\/(kubernetes|observability)\/.*|tests\/unit\/delivery\/.*)$/,
    pattern: /(?<=job=~"\.\*|part-of: |namespace: |\bname: )headway(?=\.\*"| \}|$)/gm,
    text: name,
  },
  // What people read: page, API, alerts, dashboards.
  { files: /^README\.md$/, pattern: /(?<=^# )Headway$/m, text: title },
  {
    files: /^(web\/page\.html|infra\/observability\/.*\.json|Dockerfile)$/,
    pattern: /(?<=<title>|"title": "|image\.title=")Headway(?=<\/title>|")/g,
    text: title,
  },
  { files: /^web\/shell\/app\.tsx$/, pattern: /(?<=^\s+)Headway$/m, text: title },
  {
    files: /^(cli\/actions\/start|services\/inference\/(openapi|plugins)\/[\w-]+)\.ts$/,
    pattern: /(?<=['`])Headway(?=: \$\{domain\.title\}| API')/g,
    text: title,
  },
  {
    files: /^(services|tests\/unit\/services)\/monitoring\/alerts\/[\w-]+(\.test)?\.ts$/,
    pattern: /(?<=['`]|Subject: )Headway(?= \$\{domain\}| demo: )/g,
    text: title,
  },
  // The descriptions of AWS resources, and the namespace of their metrics.
  { files: /^infra\/aws\/.*\.(ts|mjs)$/, pattern: /\bHeadway\b/g, text: title },
  {
    files: /^(services|tests\/unit)\/.*(live-figures|probe)(\.test)?\.ts$/,
    pattern: /(?<=Namespace: '|NAMESPACE = ')Headway(?=')/g,
    text: title,
  },
  { files: /^docs\/deploy\.md$/, pattern: /(?<=namespace `)Headway(?=`)/g, text: title },
];

/** The folders and files that some rule may touch. */
export const PLACES = [
  ...['.changeset', '.github/workflows', 'Dockerfile', 'README.md', 'docker-compose.yml'],
  ...['docs', 'infra/aws'],
  ...['infra/kubernetes', 'infra/observability', 'library', 'package-lock.json', 'package.json'],
  ...['services', 'cli/actions', 'tests/cloud', 'tests/integration/infra', 'tests/unit', 'web'],
] as const;

/** @returns the text under the new name, and how many places of it changed */
export function renamed(path: string, text: string, to: ProjectName): [string, number] {
  let count = 0;
  const after = RULES.filter(({ files }) => files.test(path)).reduce(
    (before, rule) =>
      before.replace(rule.pattern, () => {
        count++;
        return rule.text(to);
      }),
    text,
  );
  return [after, count];
}
