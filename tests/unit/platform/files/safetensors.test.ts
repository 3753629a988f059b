/** Purpose: tensors come back from their file, and a file that is none is refused. */
import { expect, test } from '@jest/globals';
import { decodeSafetensors, encodeSafetensors } from '../../../../platform/files/safetensors.ts';
import { requireOptional } from '../../../../platform/optional-package.ts';

const tensors = {
  level: { shape: [2], values: Float32Array.of(1.5, Number.NaN) },
  series: { shape: [2, 1], values: BigInt64Array.of(3n, -4n) },
};

test('decodes what was encoded', () => {
  expect(decodeSafetensors(encodeSafetensors(tensors), 'x')).toEqual(tensors);
  const bytes = encodeSafetensors(tensors);
  // As a file is read.
  expect(decodeSafetensors(Buffer.from(bytes), 'x')).toEqual(tensors);
  // The header's length, and wide values first.
  expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  expect(new TextDecoder().decode(bytes)).toMatch(/"series".*"data_offsets":\[0,16\].*"level"/);
});

test.each([
  [Uint8Array.of(1), /less than 8 bytes/],
  [Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 1), /longer than the file/],
  [Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1), /not JSON/],
  [encodeSafetensors(tensors).slice(0, -1), /does not fit/],
])('refuses invalid bytes', (bytes, problem) => {
  expect(() => decodeSafetensors(bytes, 'w.safetensors')).toThrow(problem);
});

test('names a missing optional package with the command that installs it', () => {
  const find = () => {
    throw new Error('Cannot find module');
  };
  expect(() => requireOptional('onnxruntime-node', 'This', find)).toThrow(
    expect.objectContaining({
      code: 'PACKAGE_MISSING',
      fix: expect.stringMatching(/^Run `npm install --no-save onnxruntime-node@/),
    }),
  );
});
