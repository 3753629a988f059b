/**
 * Purpose: writes the generated parts of the documents: `npm run readme`. With `-- --record` it
 * runs the demo first (a minute), with `-- --record-tests` all tests, and records their output in
 * tools/readme/recorded.json.
 * Invariants: writes only between the markers, docs/forecast.svg and the recording.
 * Fails: with one line that says what is missing.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { generatedBlocks, PAGES, RECORDING, withBlocks } from './blocks.ts';
import { type Recording, recordDemo, recordTests } from './record.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const at = (path: string): string => join(root, path);

async function generate({
  record,
  recordTests: tests,
}: {
  record?: boolean;
  recordTests?: boolean;
}): Promise<void> {
  // First, so that the recorded tests read current pages.
  await bringUpToDate();
  if (!record && !tests) return;
  const before = JSON.parse(await readFile(at(RECORDING), 'utf8')) as Recording;
  const recording = {
    ...before,
    ...(record ? await recordDemo(root, at('docs/forecast.svg')) : {}),
    ...(tests ? await recordTests(root) : {}),
  };
  await writeFile(at(RECORDING), `${JSON.stringify(recording, null, 2)}\n`);
  await bringUpToDate();
}

async function bringUpToDate(): Promise<void> {
  const blocks = generatedBlocks(root);
  for (const page of PAGES) {
    const text = await readFile(at(page), 'utf8');
    const updated = withBlocks(text, blocks);
    if (updated !== text) {
      await writeFile(at(page), updated);
      console.log(`updated ${page}`);
    }
  }
}

const command = new Command('readme')
  .description('Write the generated parts of the documents.')
  .option('--record', 'run the demo and record its output and chart')
  .option('--record-tests', 'run all tests and record the last lines');
await command.parseAsync();
try {
  await generate(command.opts());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
