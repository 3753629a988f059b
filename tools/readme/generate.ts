/**
 * Purpose: brings the generated parts of the documents up to date: `npm run readme`. With `--
 * --record` it runs the demo first (a minute), with `-- --record-tests` all tests, and keeps what
 * they said in tools/readme/recorded.json.
 * Invariants: writes only between the markers, docs/flow.svg, docs/forecast.svg and the recording.
 * Fails: with one line that says what is missing.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { generatedBlocks, PAGES, RECORDING, withBlocks } from './blocks.ts';
import { flowSvg } from './flow-chart.ts';
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
  // First, so that the tests that are recorded do not meet pages that are out of date.
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
  await writeFile(at('docs/flow.svg'), flowSvg());
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
  .description('Bring the generated parts of the documents up to date.')
  .option('--record', 'run the demo and keep its output and picture')
  .option('--record-tests', 'run all tests and keep the last lines');
await command.parseAsync();
try {
  await generate(command.opts());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
