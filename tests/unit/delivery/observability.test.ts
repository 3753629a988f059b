/** Purpose: the alerts and the dashboard read metrics that the inference service exports. */
import { expect, test } from '@jest/globals';
import { createFixture } from '../../fakes/inference.ts';
import { textOf, treeOf } from '../../fixtures/delivery/delivery-files.ts';

const FOLDER = 'infra/observability';
const rules = treeOf(`${FOLDER}/alerts.yml`).groups.flatMap(
  (group: { rules: object[] }) => group.rules,
);
const dashboard = JSON.parse(textOf(`${FOLDER}/grafana/dashboards/headway.json`));

test('every metric and fallback reason that is read is exported', async () => {
  const figures = {
    ...{ at: 0, modelVersion: 'm', skill: 0.1, coverage80: 0.8, scoredUntil: 0, openAlerts: 0 },
  };
  const app = await createFixture().build({ figures: { head: async () => figures } });
  await app.inject('/v1/series');
  const metrics = (await app.inject('/metrics')).payload;
  await app.close();
  const exported = new Set(metrics.match(/^\w+/gm));
  const read = JSON.stringify([rules, dashboard]);
  const names = new Set(read.match(/\bheadway_\w+/g));
  expect(names.size).toBeGreaterThan(5);
  expect([...names].filter((name) => !exported.has(name))).toEqual([]);
  for (const [, reason] of read.matchAll(/reason!?=\\"(\w+)\\"/g))
    expect(metrics).toContain(`headway_fallback{reason="${reason}"}`);
});

test('every alert has a severity, a summary and a fix', () => {
  for (const { for: duration, labels, annotations } of rules) {
    expect(duration).toMatch(/^\d+[mh]$/);
    expect(['page', 'ticket']).toContain(labels.severity);
    expect(Math.min(annotations.summary.length, annotations.fix.length)).toBeGreaterThan(10);
  }
});

test('Prometheus and Grafana of the compose file are connected and use these files', () => {
  const { grafana, prometheus, ...services } = treeOf('docker-compose.yml').services;
  const { rule_files, scrape_configs } = treeOf(`${FOLDER}/prometheus.yml`);
  expect(rule_files).toEqual(['alerts.yml']);
  const [{ names, port }] = scrape_configs[0].dns_sd_configs;
  for (const name of names)
    expect(services[name].ports).toEqual([expect.stringMatching(new RegExp(`:${port}$`))]);
  const provisioning = `${FOLDER}/grafana/provisioning`;
  const [source] = treeOf(`${provisioning}/datasources/prometheus.yml`).datasources;
  expect(source.url).toBe('http://prometheus:9090');
  expect(prometheus.ports).toEqual(['127.0.0.1:9090:9090']);
  for (const panel of dashboard.panels) expect(panel.datasource.uid).toBe(source.uid);
  const [provider] = treeOf(`${provisioning}/dashboards/files.yml`).providers;
  expect(grafana.volumes).toContain(`./${FOLDER}/grafana/dashboards:${provider.options.path}:ro`);
});
