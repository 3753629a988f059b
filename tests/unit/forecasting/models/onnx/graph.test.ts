/**
 * Purpose: an exported graph is a file that any ONNX reader takes: bytes by hand, order of
 * operations, and the sizes that the recipe names. Its forecasts: tests/onnx.
 */
import { expect, test } from '@jest/globals';
import { featureSizes } from '../../../../../forecasting/features/feature-spec.ts';
import { OnnxGraph } from '../../../../../forecasting/models/onnx/graph.ts';
import { stepBlocks, windowBlocks } from '../../../../../forecasting/models/onnx/input-recipe.ts';
import { networkInputs, networkOnnx } from '../../../../../forecasting/models/onnx/network-onnx.ts';
import { largestDifference } from '../../../../../forecasting/models/onnx/parity.ts';
import { ProtobufWriter } from '../../../../../forecasting/models/onnx/protobuf.ts';
import { levelledPanel, randomTrained } from '../../../../fixtures/random-trained.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('the wire format matches bytes worked out by hand', () => {
  // The examples of the Protocol Buffers encoding guide: 150, "testing", a nested message.
  expect(hex(new ProtobufWriter().integer(1, 150).finish())).toBe('089601');
  expect(hex(new ProtobufWriter().text(2, 'testing').finish())).toBe('120774657374696e67');
  const nested = new ProtobufWriter().integer(1, 150);
  expect(hex(new ProtobufWriter().message(3, nested).finish())).toBe('1a03089601');
  expect(hex(new ProtobufWriter().integers(6, [3, 270, 86942]).finish())).toBe('3206038e029ea705');
  expect(hex(new ProtobufWriter().integer(1, -1).finish())).toBe('08ffffffffffffffffff01');
  expect(hex(new ProtobufWriter().float(2, 1).finish())).toBe('150000803f');
  expect(() => new ProtobufWriter().integer(1, 2 ** 60)).toThrow(RangeError);
});

test('refuses an operation on an unknown tensor and a constant of the wrong size', () => {
  const graph = new OnnxGraph();
  expect(() => graph.operation('Relu', ['nowhere'])).toThrow(/nowhere, which is not there/);
  expect(() => graph.floats([1, 2, 3], [2, 2])).toThrow(/shape \[2,2\] has 12 bytes/);
});

test('the same network gives the same bytes, another network others', () => {
  const panel = levelledPanel(5, 10);
  const trained = randomTrained(panel, { integerValued: true });
  const bytes = networkOnnx(trained, { modelVersion: 'a' });
  expect(hex(networkOnnx(trained, { modelVersion: 'a' }))).toBe(hex(bytes));
  expect(hex(networkOnnx({ ...trained, calibration: null }, { modelVersion: 'a' }))).not.toBe(
    hex(bytes),
  );
  // ir_version 8, then producer_name "headway".
  expect(hex(bytes.subarray(0, 11))).toBe('08081207686561647761'.concat('79'));
});

test('orders inputs by cutoff, and gives unknown series the last row', () => {
  const panel = levelledPanel(5, 10);
  const { count, series, level } = networkInputs(randomTrained(panel, {}), panel, [
    panel.length - 1,
    panel.length - 2,
  ]);
  expect(count).toBe(10);
  expect([...series].map(Number)).toEqual([0, 1, 2, 3, 3, 0, 1, 2, 3, 3]);
  expect(level[3] as number).toBeGreaterThan(100 * (level[0] as number));
});

test.each([
  { version: undefined },
  { hasMovement: true as const },
  { hasMovement: true as const, hasHolidayBase: true as const },
  { frequencyMinutes: 1440, day: 1, week: 7 },
  { context: { seriesIds: ['s0'], weights: [[1], [2]] } },
])('the recipe has a line for every input: %o', (kind) => {
  const { features } = randomTrained(levelledPanel(3, 1), kind as object).spec;
  const sizeOf = (blocks: readonly { count: number }[]) =>
    blocks.reduce((sum, { count }) => sum + count, 0);
  const { windowSize, stepSize } = featureSizes(features);
  expect(sizeOf(windowBlocks(features))).toBe(windowSize);
  expect(sizeOf(stepBlocks(features))).toBe(stepSize);
});

test('a difference is relative to forecast or level, and NaN is infinitely far', () => {
  const level = Float32Array.of(10, 1);
  const ours = Float32Array.of(1, 20, 1, 4);
  expect(largestDifference(ours, ours, level)).toBe(0);
  expect(largestDifference(ours, Float32Array.of(2, 21, 1, 4), level)).toBeCloseTo(0.1);
  expect(largestDifference(ours, Float32Array.of(1, 20, 1, 5), level)).toBeCloseTo(0.25);
  expect(largestDifference(ours, Float32Array.of(1, 20, 1, Number.NaN), level)).toBe(Infinity);
  expect(largestDifference(ours, ours.subarray(1), level)).toBe(Infinity);
});
