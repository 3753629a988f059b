/**
 * Purpose: what we write in the forms of others is valid by their own schemas: the contract of
 * every domain by ODCS's JSON Schema, events by OpenLineage's classes.
 * Invariants: where a Python package is absent its test is skipped, with a line that says so.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { stringify } from 'yaml';
import { domains } from '../../domains/index.ts';
import { fixedClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/telemetry/logger.ts';
import { withLineage } from '../../platform/telemetry/open-lineage.ts';
import { openDataContract } from '../../services/feature/contract/open-data-contract.ts';
import { runPython, withPackages } from './python.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'headway-standards-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (code: string) => runPython(code, folder);

withPackages('open_data_contract_standard', 'jsonschema')(
  'the contract of every domain is valid by the JSON Schema of ODCS',
  async () => {
    for (const domain of domains)
      await writeFile(
        path.join(folder, `${domain.name}.yaml`),
        stringify(openDataContract(domain)),
      );
    const valid = await run(`
import glob, json, jsonschema, yaml
from open_data_contract_standard.model import OpenDataContractStandard as Standard
schema = json.loads(Standard.json_schema())
files = glob.glob('*.yaml')
for file in files:
    text = open(file).read()
    jsonschema.validate(yaml.safe_load(text), schema)
    Standard.from_string(text)
broken = yaml.safe_load(text) | {'status': 7}
try:
    jsonschema.validate(broken, schema)
except jsonschema.ValidationError:
    print(len(files))
`);
    expect(valid).toBe(String(domains.length));
  },
);

withPackages('openlineage.client')('events are those of OpenLineage', async () => {
  const target = path.join(folder, 'events.ndjson');
  const options = { target, clock: fixedClock(0), logger: silentLogger, namespace: 'headway:toy' };
  const data = { namespace: 'file:store', name: 'features/toy', version: '3-0f1e2d3c4b5a' };
  const lineage = { inputs: [data], outputs: [{ namespace: 'file:store', name: 'models/toy' }] };
  await withLineage(
    options,
    'train',
    [data],
    async () => 1,
    () => lineage,
  );
  const fails = withLineage(
    options,
    'train',
    [data],
    () => Promise.reject(new Error('no data')),
    () => lineage,
  );
  await expect(fails).rejects.toThrow('no data');
  const printed = await run(`
import json
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import dataset_version_dataset, error_message_run
from openlineage.client.serde import Serde
def facets(given, kinds):
    def made(name, fields):
        kind = kinds[name]
        return kind(**{k: v for k, v in fields.items() if not k.startswith('_')})
    return {name: made(name, fields) for name, fields in given.items()}
version = {'version': dataset_version_dataset.DatasetVersionDatasetFacet}
error = {'errorMessage': error_message_run.ErrorMessageRunFacet}
for line in open('events.ndjson'):
    e = json.loads(line)
    data = lambda kind, all: [
        kind(d['namespace'], d['name'], facets=facets(d['facets'], version)) for d in all]
    event = RunEvent(
        eventType=RunState[e['eventType']], eventTime=e['eventTime'], producer=e['producer'],
        run=Run(e['run']['runId'], facets(e['run']['facets'], error)),
        job=Job(e['job']['namespace'], e['job']['name']),
        inputs=data(InputDataset, e['inputs']), outputs=data(OutputDataset, e['outputs']))
    again = Serde.to_dict(event)
    assert e['schemaURL'] == again['schemaURL'], again['schemaURL']
    for ours, theirs in zip(e['inputs'], again['inputs']):
        assert ours['facets'].keys() == theirs['facets'].keys()
        for name in ours['facets']:
            assert ours['facets'][name]['_schemaURL'] == theirs['facets'][name]['_schemaURL']
    print(event.eventType.value)
`);
  expect(printed.split('\n')).toEqual(['START', 'COMPLETE', 'START', 'FAIL']);
});
