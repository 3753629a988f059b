/**
 * Purpose: a real Prometheus scrapes a real service, loads the alert rules, and the alerts go off:
 * `npm run test:prometheus`.
 * Invariants: the rules are those of infra/observability, but for how long a fault must last and
 * how often it is judged; both processes are on loopback and end with the test.
 * Fails: as a test. Without `prometheus` and `promtool` it is skipped under a name that says how to
 * install them.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { temporaryPlace } from '../fixtures/cli/cli-worker.ts';
import { endAll, type Running, startHeadway } from '../fixtures/cli/headway-process.ts';
import { freePort } from '../fixtures/free-port.ts';
import { skipped } from '../fixtures/skipped.ts';
import { found } from '../fixtures/waiting.ts';
import { ROOT } from '../tidy/source-tree.ts';

const RULES = join(ROOT, 'infra', 'observability', 'alerts.yml');
const WAIT_MS = 60_000;

const isThere = ['prometheus', 'promtool'].every((tool) => {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

if (!isThere) skipped('prometheus and promtool are absent (apt-get install prometheus)');
else describe('real Prometheus', suite);

interface Alert {
  readonly state: string;
  readonly labels: { readonly alertname: string };
}

function suite(): void {
  let place: Awaited<ReturnType<typeof temporaryPlace>>;
  let service: Running;
  let api: string;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    place = await temporaryPlace();
    const [servicePort, port] = [await freePort(), await freePort()];
    service = startHeadway(['serve'], { ...place.env, HOST: '127.0.0.1', PORT: `${servicePort}` });
    stop = startPrometheus(place.folder, servicePort, port);
    api = `http://127.0.0.1:${port}/api/v1`;
  }, 60_000);
  afterAll(async () => {
    await stop();
    await endAll();
    await place.remove();
  });

  async function ask<T>(path: string): Promise<T | null> {
    const response = await fetch(`${api}/${path}`).catch(() => null);
    if (response?.ok !== true) return null;
    return ((await response.json()) as { data: T }).data;
  }
  const until = <T>(what: string, look: () => Promise<T | null>) => found(what, look, WAIT_MS);
  const firing = async (): Promise<string[]> =>
    ((await ask<{ alerts: Alert[] }>('alerts'))?.alerts ?? [])
      .filter(({ state }) => state === 'firing')
      .map(({ labels }) => labels.alertname);
  const goesOff = (name: string) =>
    until(name, async () => ((await firing()).includes(name) ? true : null));

  test('promtool accepts the rules and the configuration', () => {
    for (const [kind, file] of [
      ['rules', RULES],
      ['config', join(ROOT, 'infra', 'observability', 'prometheus.yml')],
    ] as const)
      expect(execFileSync('promtool', ['check', kind, file], { encoding: 'utf8' })).toContain(
        'SUCCESS',
      );
  });

  test('reads our metrics, and an empty store is not ready', async () => {
    const value = await until('headway_ready', async () => {
      const found = await ask<{ result: { value: [number, string] }[] }>(
        'query?query=headway_ready',
      );
      return found?.result[0]?.value[1] ?? null;
    });
    expect(value).toBe('0');
    await goesOff('HeadwayNotReady');
    expect(await firing()).not.toContain('HeadwayDown');
  }, 120_000);

  test('evaluates every rule', async () => {
    const found = await ask<{
      groups: { rules: { name: string; health: string; lastError?: string }[] }[];
    }>('rules');
    const rules = found?.groups.flatMap((group) => group.rules) ?? [];
    expect(rules.length).toBeGreaterThan(5);
    for (const { name, health, lastError } of rules)
      expect([name, health, lastError]).toEqual([name, 'ok', undefined]);
  });

  test('reports a stopped service as down', async () => {
    service.kill('SIGKILL');
    await service.ended;
    await goesOff('HeadwayDown');
  }, 120_000);
}

/** @returns what ends it */
function startPrometheus(folder: string, servicePort: number, port: number): () => Promise<void> {
  const rules = readFileSync(RULES, 'utf8').replaceAll(/^( +for:) .*$/gm, '$1 0s');
  writeFileSync(join(folder, 'alerts.yml'), rules);
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['alerts.yml'],
    scrape_configs: [
      { job_name: 'headway', static_configs: [{ targets: [`127.0.0.1:${servicePort}`] }] },
    ],
  };
  // YAML is a superset of JSON.
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, JSON.stringify(configuration));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'series')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}
