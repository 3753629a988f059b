/**
 * Purpose: writes headway-api.ts, the types of the HTTP API, from the OpenAPI document of this
 * source: `npm run client`.
 * Invariants: needs no store, model or network; the same source gives the same text.
 * Fails: as openapi-typescript does, where the document is not valid.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { servedDocument } from './served-document.ts';

const { factory } = ts;
const FILE = fileURLToPath(new URL('./headway-api.ts', import.meta.url));
const HEADER = `/**
 * Purpose: the types of the Headway HTTP API. \`npm run client\` generates this file: do not edit
 * it.
 * Invariants: a version of the API may add members to responses: ignore unknown ones.
 */
`;

/** The values listed today, or any other text: a version of the API may add values. */
function extensibleEnum(values: readonly string[]): ts.TypeNode {
  const anyText = factory.createIntersectionTypeNode([
    factory.createKeywordTypeNode(ts.SyntaxKind.StringKeyword),
    factory.createTypeLiteralNode([]),
  ]);
  const literals = values.map((value) =>
    factory.createLiteralTypeNode(factory.createStringLiteral(value)),
  );
  return factory.createUnionTypeNode([...literals, anyText]);
}

/** Without examples, and without what the client throws: every response that is not 2xx. */
function onlyWhatCallersSee(key: string, value: object): unknown {
  if (['example', 'examples', 'headers'].includes(key)) return undefined;
  if (key !== 'responses') return value;
  return Object.fromEntries(Object.entries(value).filter(([status]) => /^2\d\d$/.test(status)));
}

export async function generateTypes(): Promise<string> {
  const document = JSON.stringify(await servedDocument(), onlyWhatCallersSee);
  const nodes = await openapiTS(document, {
    transform: (schema) =>
      'x-extensible-enum' in schema
        ? extensibleEnum(schema['x-extensible-enum'] as string[])
        : undefined,
  });
  return HEADER + astToString(nodes);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await writeFile(FILE, await generateTypes());
