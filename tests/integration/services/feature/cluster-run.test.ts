/** Purpose: a run whose rows a cluster counts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Domain, RawPart } from '../../../../domains/domain.ts';
import { fixedClock } from '../../../../platform/clock.ts';
import { createHttpClient } from '../../../../platform/http/client.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import type { PartEngine } from '../../../../services/feature/aggregation/aggregate.ts';
import { queryingEngine } from '../../../../services/feature/aggregation/engines/query-engine.ts';
import { trinoEngine } from '../../../../services/feature/aggregation/engines/trino-client.ts';
import { runFeatures } from '../../../../services/feature/run.ts';
import { fakeTrino } from '../../../fakes/fake-trino.ts';
import { memoryFeatureStore } from '../../../fakes/memory-feature-store.ts';
import { toyDomain } from '../../../fixtures/toy-store.ts';

const EVENTS = `(SELECT 'a' AS series, '2023-11-05 0' || n % 8 || ':10:00' AS stamp, n % 90 AS event
  FROM range(100) AS r(n))`;
const part: RawPart = {
  ...{ name: '2023-11.parquet', feed: 'green', fingerprint: 'x', span: null },
  open: async () => ({
    relation: EVENTS,
    seriesId: 'series',
    localTime: 'TRY_CAST(stamp AS TIMESTAMP)',
    value: null,
    duplicateKey: ['event', 'stamp'],
    rejections: [],
    ranges: [{ name: 'small', value: 'event', atMost: 80 }],
  }),
};
const domain: Domain = {
  ...{ ...toyDomain, timeZone: 'America/New_York', missing: 'zero', nonNegative: true },
  expectations: { limits: { ranges: { soft: null, hard: null } } },
};

test('commits the same snapshot as a run without the cluster', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
  const cluster = await fakeTrino([
    `CREATE TABLE green AS SELECT *, 's3://raw/green/2023-11.parquet' AS "$path" FROM ${EVENTS}`,
  ]);
  const run = async (engine?: PartEngine) => {
    const clock = fixedClock(Date.parse('2023-11-06T00:00:00Z'));
    const features = memoryFeatureStore('toy', clock);
    const { manifest } = await runFeatures({
      ...{ domain, source: { description: 'events', parts: async () => [part] }, features, clock },
      ...{ workFolder: folder, logger: silentLogger, progress: silentProgress },
      ...(engine === undefined ? {} : { engine }),
    });
    return manifest;
  };
  try {
    const options = { logger: silentLogger, retries: 2, firstDelayMs: 1, maximumDelayMs: 2 };
    const client = createHttpClient({ ...options, timeoutMs: 5000 });
    const address = { origin: cluster.origin, user: 'ada', catalog: 'hive', schema: 'raw' };
    const counted = await run(queryingEngine(trinoEngine(address, client)));
    expect(cluster.statements).toHaveLength(3);
    expect(counted).toEqual(await run());
    expect(counted.objects).toHaveLength(1);
  } finally {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  }
});
