/**
 * Purpose: writes headway-types.ts and headway-client.ts from the OpenAPI document of this source:
 * `npm run client`. `-- --document FILE_OR_URL` takes another one, for a client of a service that
 * runs elsewhere, and `-- --out FOLDER` writes elsewhere.
 * Invariants: no store, no model and no network are needed; what it writes depends on the document
 * alone.
 * Fails: with one line that says why.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { generateClient } from './generator.ts';
import { servedDocument } from './served-document.ts';

interface Flags {
  readonly document?: string;
  readonly out: string;
}

async function documentAt(place: string): Promise<unknown> {
  if (!/^https?:/.test(place)) return JSON.parse(await readFile(place, 'utf8'));
  const response = await fetch(place);
  if (!response.ok) throw new Error(`${place} answered ${response.status}`);
  return response.json();
}

const command = new Command('client')
  .description('Generate the TypeScript client from the OpenAPI document.')
  .option('--document <place>', 'file or URL of the document; that of this source without it')
  .option('--out <folder>', 'folder to write to', fileURLToPath(new URL('../', import.meta.url)));
await command.parseAsync();
try {
  const { document, out } = command.opts<Flags>();
  const files = generateClient(document ? await documentAt(document) : await servedDocument());
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(out, name), text);
    console.log(`wrote ${name}`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
