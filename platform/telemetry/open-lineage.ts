/**
 * Purpose: OpenLineage events of a job's run (START, then COMPLETE or FAIL): which data sets it
 * read and wrote, in which version, to a file or a URL.
 * Invariants: what cannot be sent never fails, or changes, the job; the log says so. An event holds
 * names and versions, no data.
 * Fails: as the work of the job does, after its FAIL event.
 * Source: OpenLineage 2-0-2, RunEvent.
 */
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Logger } from './logger.ts';

const PRODUCER = 'urn:headway';
const SPEC = 'https://openlineage.io/spec';
const TIMEOUT_MS = 5_000;

export interface LineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly version?: string;
}

export interface Lineage {
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageDataset[];
}

export interface LineageOptions {
  /** A file that events are appended to, one a line, or the URL that each is posted to. */
  readonly target: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the job. */
  readonly namespace: string;
}

/** @param lineageOf what was read and written, once it is known */
export async function withLineage<T>(
  options: LineageOptions,
  job: string,
  inputs: readonly LineageDataset[],
  work: () => Promise<T>,
  lineageOf: (result: T) => Lineage,
): Promise<T> {
  const runId = randomUUID();
  const emit = (eventType: string, lineage: Lineage, facets: object = {}) =>
    send(options, {
      eventType,
      eventTime: new Date(options.clock.now()).toISOString(),
      run: { runId, facets },
      job: { namespace: options.namespace, name: job },
      inputs: lineage.inputs.map(datasetOf),
      outputs: lineage.outputs.map(datasetOf),
      producer: PRODUCER,
      schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    });
  await emit('START', { inputs, outputs: [] });
  try {
    const result = await work();
    await emit('COMPLETE', lineageOf(result));
    return result;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const errorMessage = facet('ErrorMessageRunFacet', '1-0-1', {
      ...{ message, programmingLanguage: 'TypeScript' },
    });
    await emit('FAIL', { inputs, outputs: [] }, { errorMessage });
    throw error;
  }
}

const facet = (name: string, version: string, fields: object) => ({
  _producer: PRODUCER,
  _schemaURL: `${SPEC}/facets/${version}/${name}.json#/$defs/${name}`,
  ...fields,
});

const datasetOf = ({ namespace, name, version }: LineageDataset) => ({
  ...{ namespace, name },
  facets:
    version === undefined
      ? {}
      : { version: facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: version }) },
});

async function send({ target, logger }: LineageOptions, event: object): Promise<void> {
  try {
    if (!/^https?:/.test(target)) {
      await mkdir(dirname(target), { recursive: true });
      await appendFile(target, `${JSON.stringify(event)}\n`);
      return;
    }
    const { createHttpClient } = await import('../http/client.ts');
    const client = createHttpClient({ logger, timeoutMs: TIMEOUT_MS, retries: 0 });
    await client.axios.post(target, event);
  } catch (error) {
    const { reasonOf } = await import('../http/client.ts');
    logger.warn({ reason: reasonOf(error) }, 'an OpenLineage event could not be sent');
  }
}
