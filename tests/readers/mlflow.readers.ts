/**
 * Purpose: the folder of `headway models export --onnx … --mlflow` is a model that
 * `mlflow models serve` accepts: over HTTP it forecasts what Headway does.
 * Invariants: where MLflow is absent the test is skipped, with a line that says so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { exportedFiles } from '../../cli/actions/models/export.ts';
import { mlflowFiles } from '../../cli/actions/models/mlflow.ts';
import { networkForecaster } from '../../forecasting/models/network/forecaster.ts';
import { networkPorts } from '../../forecasting/models/onnx/network-onnx.ts';
import { largestDifference, MAX_DIFFERENCE } from '../../forecasting/models/onnx/parity.ts';
import type { ModelCard } from '../../storage/models/model-card.ts';
import { freePort } from '../fixtures/free-port.ts';
import { levelledPanel, randomTrained } from '../fixtures/random-trained.ts';
import { startBackend } from '../fixtures/toy-network.ts';
import { comesUp } from '../fixtures/waiting.ts';
import { PYTHON, withPackages } from './python.ts';

const START_MS = 120_000;

let folder: string;
beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(path.join(tmpdir(), 'headway-mlflow-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

withPackages(
  'mlflow',
  'onnx',
  'onnxruntime',
)('mlflow models serve forecasts what Headway does, and refuses what is no input', async () => {
  const panel = levelledPanel(25, 40);
  const trained = randomTrained(panel, { nonNegative: true, integerValued: false });
  const card = {
    ...{ modelVersion: 'tried', domain: 'toy', snapshotVersion: '1-0f1e2d3c4b5a' },
    ...{ createdAt: 0, trainingCutoff: 0, panelHash: 'none' },
  } as ModelCard;
  const whole = networkForecaster(trained).withContext?.(panel) ?? panel;
  const of = { snapshotVersion: card.snapshotVersion, windows: 100 };
  const { files, examples } = exportedFiles({ card }, trained, whole, of);
  const all = { ...files, ...mlflowFiles(card, networkPorts(trained)) };
  for (const [name, content] of Object.entries(all))
    await writeFile(path.join(folder, name), content);

  const port = await freePort();
  const args = ['models', 'serve', '-m', folder, '--env-manager', 'local', '-p', String(port)];
  const server = spawn(PYTHON, ['-m', 'mlflow', ...args], {
    detached: true, // it starts a process of its own, which ends with the group
    stdio: 'ignore',
    env: {
      ...process.env,
      ...{ PATH: `${path.dirname(PYTHON)}:${process.env.PATH}`, MLFLOW_DISABLE_TELEMETRY: 'true' },
    },
  });
  try {
    const url = `http://127.0.0.1:${port}`;
    const replies = async () => (await fetch(`${url}/ping`).catch(() => null))?.ok === true;
    expect(await comesUp(replies, () => server.exitCode !== null, START_MS)).toBe(true);
    const { quantiles, ...inputs } = examples.tensors;
    const ask = (sent: object) =>
      fetch(`${url}/invocations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: sent }),
      });
    const sent = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, values }]) => [
        name,
        nested(Array.from(values as Float32Array, Number), shape.slice(1)),
      ]),
    );
    const response = await ask(sent);
    const text = await response.text();
    expect([response.status, text.slice(0, 200)]).toEqual([200, expect.any(String)]);
    const { predictions } = JSON.parse(text);
    const theirs = Float32Array.from(
      (predictions.quantiles ?? predictions).flat(Number.POSITIVE_INFINITY),
    );
    const level = inputs.level?.values as Float32Array;
    expect(theirs).toHaveLength(examples.count * 5 * 6);
    expect(largestDifference(quantiles?.values as Float32Array, theirs, level)).toBeLessThanOrEqual(
      MAX_DIFFERENCE,
    );
    const { window: _, ...incomplete } = sent;
    expect((await ask(incomplete)).status).toBe(400);
  } finally {
    if (server.exitCode === null && server.pid !== undefined) {
      process.kill(-server.pid, 'SIGTERM');
      await once(server, 'exit');
    }
  }
});

/** Values as nested lists of the sizes, outermost first. */
function nested(values: readonly number[], sizes: readonly number[]): unknown[] {
  const [size, ...rest] = sizes;
  if (size === undefined) return [...values];
  const each = rest.reduce((product, n) => product * n, size);
  return Array.from({ length: values.length / each }, (_, i) => {
    const part = values.slice(i * each, (i + 1) * each);
    return rest.length === 0 ? part : nested(part, rest);
  });
}
