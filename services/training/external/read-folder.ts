/**
 * Purpose: read a model of others: a folder with card.json and the graph that it names.
 * Invariants: nothing outside the folder is read.
 * Fails: MODEL_CARD_INVALID with the field and what is wrong with it; SOURCE_NOT_FOUND for a folder
 * without a card or its graph.
 */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExternalCard } from '../../../forecasting/models/external/card.ts';
import { isColumn } from '../../../forecasting/models/external/rows.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { lazyValidator, record, schemaProblem } from '../../../platform/settings/validator.ts';

const CARD = 'card.json';
const text = { type: 'string', minLength: 1 };
const count = { type: 'integer', minimum: 1 };
const optional = (fields: ReturnType<typeof record>, more: Record<string, object>) => ({
  ...fields,
  properties: { ...fields.properties, ...more },
});
const kind = (name: string) => ({ name: text, kind: { const: name } });
const input = {
  anyOf: [
    optional(record({ ...kind('context'), length: count }), {
      missing: { enum: ['nan', 'zero'] },
    }),
    record({ ...kind('mask'), length: count }),
    record(kind('group')),
    record({ ...kind('rows'), columns: { type: 'array', minItems: 1, items: text } }),
  ],
};
const axis = { enum: ['series', 'quantile', 'step'] };
const output = record({ name: text, axes: { type: 'array', items: axis, uniqueItems: true } });
const share = { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 };
const validator = lazyValidator(
  optional(
    record({
      format: { const: 1 },
      ...{ name: text, licence: text, source: text, graph: text, horizon: count },
      trainedUpTo: { anyOf: [text, { type: 'null' }] },
      quantiles: { type: 'array', minItems: 1, items: share, uniqueItems: true },
      inputs: { type: 'array', minItems: 1, items: input },
      outputs: { type: 'array', minItems: 1, items: output },
    }),
    { seriesIds: { type: 'array', items: text, uniqueItems: true } },
  ),
);

export interface ExternalModel {
  readonly card: ExternalCard;
  readonly graph: Uint8Array;
}

export async function readExternal(folder: string): Promise<ExternalModel> {
  const card = await readCard(folder);
  return { card, graph: await contentOf(join(folder, card.graph)) };
}

/** The card alone: of a model that is still to be made. */
export async function readCard(folder: string): Promise<ExternalCard> {
  const where = join(folder, CARD);
  const parsed = parsedJson(await contentOf(where), where);
  const problem = schemaProblem(validator, parsed) ?? cardProblem(parsed as ExternalCard);
  if (problem !== null) throw invalid(where, problem);
  return parsed as ExternalCard;
}

const invalid = (where: string, problem: string, cause?: unknown) =>
  new HeadwayError('MODEL_CARD_INVALID', `The card of the model is not valid: ${problem}`, {
    ...{ where, cause, fix: 'docs/onnx.md has the fields of a card, with two examples.' },
  });

/** What a schema cannot say; null where all is well. */
function cardProblem({ graph, quantiles, inputs, outputs, trainedUpTo }: ExternalCard) {
  if (basename(graph) !== graph)
    return `graph ${JSON.stringify(graph)} is not a file of the folder`;
  if (quantiles.some((quantile, i) => quantile <= (quantiles[i - 1] ?? 0)))
    return 'quantiles do not ascend';
  const unknown = inputs
    .flatMap((one) => (one.kind === 'rows' ? one.columns : []))
    .find((column) => !isColumn(column));
  if (unknown !== undefined) return `there is no column ${JSON.stringify(unknown)}`;
  if (trainedUpTo !== null && Number.isNaN(Date.parse(trainedUpTo)))
    return `trainedUpTo ${JSON.stringify(trainedUpTo)} is not a time`;
  const perQuantile = outputs.length > 1 || quantiles.length === 1;
  const expected = perQuantile ? quantiles.length : 1;
  if (outputs.length !== expected)
    return `it has ${outputs.length} outputs and ${quantiles.length} quantiles`;
  const wrong = outputs.find(
    ({ axes }) =>
      !axes.includes('series') ||
      !axes.includes('step') ||
      axes.includes('quantile') !== (outputs.length === 1 && quantiles.length > 1),
  );
  return wrong ? `the output ${wrong.name} has the axes ${wrong.axes.join(', ')}` : null;
}

async function contentOf(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new HeadwayError('SOURCE_NOT_FOUND', 'There is no such file', {
      ...{ where: path, cause, fix: `Name a folder with ${CARD} and the graph that it names.` },
    });
  });
}

function parsedJson(content: Buffer, where: string): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch (cause) {
    throw invalid(where, 'it is not JSON', cause);
  }
}
