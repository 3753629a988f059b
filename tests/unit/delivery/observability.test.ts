/**
 * Purpose: the alerts and the dashboard read only what the inference service really says of itself.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '../../../services/inference/plugins/app.ts';
import { createFixture } from '../../fakes/inference.ts';
import { filesIn, textOf, treeOf } from '../../fixtures/delivery/delivery-files.ts';
import { readsOf } from '../../fixtures/delivery/promql.ts';

const FOLDER = 'infra/observability';
/** Prometheus adds these to every series it scrapes. */
const SCRAPED = ['instance', 'job'];

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly fix: string };
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const rules: Rule[] = treeOf(`${FOLDER}/alerts.yml`).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);
const dashboard = JSON.parse(textOf(`${FOLDER}/grafana/dashboards/headway.json`)) as {
  uid: string;
  panels: Panel[];
};
const variable = /label_values\((\w+), (\w+)\)/.exec(JSON.stringify(dashboard));

/** What the service says → the labels it says it with. */
const exposed = new Map<string, Set<string>>([['up', new Set()]]);
let app: App;
beforeAll(async () => {
  app = await createFixture().build();
  await app.inject('/v1/series');
  for (const line of (await app.inject('/metrics')).payload.split('\n')) {
    const [, name, labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    const known = exposed.get(name) ?? new Set();
    for (const [, label] of labels.matchAll(/(\w+)="/g)) known.add(label as string);
    exposed.set(name, known);
  }
});
afterAll(() => app.close());

function unknownIn(expression: string): string[] {
  const { metrics, grouping } = readsOf(expression);
  const labelsOf = (name: string) => new Set([...(exposed.get(name) ?? []), ...SCRAPED]);
  const all = new Set([...metrics.keys()].flatMap((name) => [...labelsOf(name)]));
  return [
    ...[...metrics].flatMap(([name, labels]) =>
      exposed.has(name)
        ? [...labels]
            .filter((label) => !labelsOf(name).has(label))
            .map((label) => `${name}{${label}}`)
        : [name],
    ),
    ...[...grouping].filter((label) => !all.has(label)).map((label) => `by (${label})`),
  ];
}

describe('alerts', () => {
  test('the file that Prometheus is told of is there', () => {
    const { rule_files, scrape_configs } = treeOf(`${FOLDER}/prometheus.yml`);
    expect(rule_files).toEqual(['alerts.yml']);
    expect(scrape_configs[0].job_name).toMatch(/headway/);
    const [{ names, port }] = scrape_configs[0].dns_sd_configs;
    const { services } = treeOf('docker-compose.yml');
    expect(names).toEqual(
      Object.keys(services).filter(
        (name) => services[name].build?.target === 'inference' && services[name].ports,
      ),
    );
    for (const name of names)
      expect(services[name].ports).toEqual([expect.stringMatching(new RegExp(`:${port}$`))]);
  });

  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s reads what there is, and says what to do',
    (_name, rule) => {
      expect(unknownIn(rule.expr)).toEqual([]);
      expect(readsOf(rule.expr).metrics.size).toBeGreaterThan(0);
      expect(rule.for).toMatch(/^\d+[mh]$/);
      expect(['page', 'ticket']).toContain(rule.labels.severity);
      expect(rule.annotations.summary.length).toBeGreaterThan(10);
      expect(rule.annotations.fix.length).toBeGreaterThan(10);
    },
  );

  test('the values that they compare labels with exist', async () => {
    const metrics = (await app.inject('/metrics')).payload;
    for (const { expr } of rules) {
      for (const [, reason] of expr.matchAll(/reason!?="(\w+)"/g))
        expect(metrics).toContain(`headway_fallback{reason="${reason}"}`);
    }
  });
});

describe('dashboard', () => {
  test.each(dashboard.panels.map((panel) => [panel.title, panel] as const))(
    '%s reads what there is',
    (_title, panel) => {
      expect(panel.targets.length).toBeGreaterThan(0);
      for (const { expr } of panel.targets) {
        expect(unknownIn(expr)).toEqual([]);
        expect(readsOf(expr).metrics.size).toBeGreaterThan(0);
      }
      expect(panel.description).not.toBe('');
    },
  );

  test('its variable, its data source and its place are there', () => {
    expect(exposed.has(variable?.[1] ?? '')).toBe(true);
    const [source] = treeOf(
      `${FOLDER}/grafana/provisioning/datasources/prometheus.yml`,
    ).datasources;
    expect(new Set(dashboard.panels.map((panel) => panel.datasource.uid))).toEqual(
      new Set([source.uid]),
    );
    const [provider] = treeOf(`${FOLDER}/grafana/provisioning/dashboards/files.yml`).providers;
    const { grafana, prometheus } = treeOf('docker-compose.yml').services;
    expect(grafana.volumes).toContain(`./${FOLDER}/grafana/dashboards:${provider.options.path}:ro`);
    expect(grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(
      `${provider.options.path}/headway.json`,
    );
    expect(source.url).toBe('http://prometheus:9090');
    expect(prometheus.ports).toEqual(['127.0.0.1:9090:9090']);
    expect(filesIn(`${FOLDER}/grafana/dashboards`)).toHaveLength(1);
  });

  test('panels have numbers of their own and do not cover one another', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});

describe('the check can fail', () => {
  test.each([
    ['headway_redy == 0', ['headway_redy']],
    ['sum by (rute) (rate(headway_http_request_duration_seconds_count[5m]))', ['by (rute)']],
    ['headway_fallback{raison="x"} > 0', ['headway_fallback{raison}']],
    ['rate(headway_http_request_duration_seconds[5m])', ['headway_http_request_duration_seconds']],
  ])('%s', (expression, expected) => {
    expect(unknownIn(expression)).toEqual(expected);
  });
});
