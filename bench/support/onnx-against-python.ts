/**
 * Purpose: whether a graph gives in Node what its library gave in Python, on the rows and values
 * that lightgbm_onnx.py wrote: `tsx bench/support/onnx-against-python.ts FOLDER`.
 * Invariants: prints one JSON object; relative to the value, or to the mean size of all.
 * Fails: as reading the folder and the session do.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors, type Tensor } from '../../platform/files/safetensors.ts';
import { openOnnxSession } from '../../platform/onnx/session.ts';
import { readExternal } from '../../services/training/external/read-folder.ts';

const [folder = '.'] = process.argv.slice(2);
const { card, graph } = await readExternal(folder);
const file = join(folder, 'expected.safetensors');
const expected = decodeSafetensors(await readFile(file), file);
const session = openOnnxSession(graph, card.graph);
const names = card.outputs.map(({ name }) => name);
const outputs = session.run({ rows: expected.x as Tensor }, names);
let largest = 0;
for (const [i, name] of names.entries()) {
  const theirs = expected[name]?.values as Float32Array;
  const mean = theirs.reduce((sum, value) => sum + Math.abs(value), 0) / theirs.length;
  for (const [row, value] of theirs.entries()) {
    const difference = Math.abs((outputs[i]?.values[row] as number) - value);
    largest = Math.max(largest, difference / Math.max(Math.abs(value), mean));
  }
}
console.log(JSON.stringify({ rows: expected.x?.shape[0], outputs: names, largest }));
await session.close();
