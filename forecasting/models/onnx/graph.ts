/**
 * Purpose: build an ONNX graph operation by operation, and write it as a model file.
 * Invariants: every operation reads names that exist by then, so that the graph is in order; the
 * same calls give the same bytes.
 * Fails: a RangeError for an operation that reads an unknown name, and for a constant whose values
 * do not fill its shape.
 * Source: the ONNX specification, IR version 8, operator set 17; field numbers are those of
 * onnx.proto3.
 */
import { ProtobufWriter } from './protobuf.ts';

export const IR_VERSION = 8;
export const OPERATOR_SET = 17;

/** TensorProto.DataType. */
const TYPES = { float: 1, int64: 7, bool: 9, double: 11 } as const;
export type ElementType = keyof typeof TYPES;

/** A whole number, or a list of them; `to` of a Cast is the name of a type. */
type Attribute = number | readonly number[] | ElementType;

export interface GraphPort {
  readonly name: string;
  readonly type: ElementType;
  /** A number, or the name of a size that is known when the graph runs. */
  readonly shape: readonly (number | string)[];
}

export class OnnxGraph {
  private readonly nodes: ProtobufWriter[] = [];
  private readonly constants: ProtobufWriter[] = [];
  private readonly inputs: ProtobufWriter[] = [];
  private readonly outputs: ProtobufWriter[] = [];
  private readonly names = new Set<string>();
  private made = 0;

  input(port: GraphPort): string {
    this.inputs.push(portMessage(port));
    this.names.add(port.name);
    return port.name;
  }

  /** Makes a value of the graph one of its outputs, under the port's name. */
  output(value: string, port: GraphPort): void {
    this.outputs.push(portMessage(port));
    this.operation('Identity', [value], {}, port.name);
  }

  /** A constant of 32-bit floats. */
  floats(values: ArrayLike<number>, shape: readonly number[]): string {
    return this.constant('float', new Float32Array(Float32Array.from(values)).buffer, shape);
  }

  /** A constant of 64-bit floats. */
  doubles(values: ArrayLike<number>, shape: readonly number[]): string {
    return this.constant('double', Float64Array.from(values).buffer, shape);
  }

  /** A constant of whole numbers. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.constant('int64', BigInt64Array.from(values, BigInt).buffer, shape);
  }

  booleans(values: readonly boolean[], shape: readonly number[]): string {
    return this.constant('bool', Uint8Array.from(values, Number).buffer, shape);
  }

  /** @returns the name of the operation's only output */
  operation(
    type: string,
    reads: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name = this.nextName(type),
  ): string {
    const node = new ProtobufWriter();
    for (const read of reads) {
      if (!this.names.has(read)) throw new RangeError(`${type} reads ${read}, which is not there`);
      node.text(1, read);
    }
    node.text(2, name).text(3, name).text(4, type);
    for (const [key, value] of Object.entries(attributes))
      node.message(5, attributeMessage(key, value));
    this.nodes.push(node);
    this.names.add(name);
    return name;
  }

  /** The model file. @param metadata what a reader finds next to the graph */
  finish(name: string, metadata: Readonly<Record<string, string>>): Uint8Array {
    const graph = new ProtobufWriter();
    for (const node of this.nodes) graph.message(1, node);
    graph.text(2, name);
    for (const constant of this.constants) graph.message(5, constant);
    for (const input of this.inputs) graph.message(11, input);
    for (const output of this.outputs) graph.message(12, output);
    const model = new ProtobufWriter()
      .integer(1, IR_VERSION)
      .text(2, 'headway')
      .message(7, graph)
      .message(8, new ProtobufWriter().text(1, '').integer(2, OPERATOR_SET));
    for (const [key, value] of Object.entries(metadata))
      model.message(14, new ProtobufWriter().text(1, key).text(2, value));
    return model.finish();
  }

  private constant(type: ElementType, buffer: ArrayBufferLike, shape: readonly number[]): string {
    const width = { float: 4, double: 8, int64: 8, bool: 1 }[type];
    const needed = shape.reduce((product, n) => product * n, width);
    if (buffer.byteLength !== needed)
      throw new RangeError(`a constant of shape [${shape}] has ${buffer.byteLength} bytes`);
    const name = this.nextName('constant');
    const tensor = new ProtobufWriter()
      .integers(1, shape)
      .integer(2, TYPES[type])
      .text(8, name)
      .bytes(9, new Uint8Array(buffer));
    this.constants.push(tensor);
    this.names.add(name);
    return name;
  }

  private nextName(type: string): string {
    return `${type.toLowerCase()}_${++this.made}`;
  }
}

function portMessage({ name, type, shape }: GraphPort): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const size of shape) {
    const dimension = new ProtobufWriter();
    dimensions.message(
      1,
      typeof size === 'number' ? dimension.integer(1, size) : dimension.text(2, size),
    );
  }
  const tensor = new ProtobufWriter().integer(1, TYPES[type]).message(2, dimensions);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}

/** AttributeProto: its value, and the type of it (2: a whole number, 7: a list of them). */
function attributeMessage(name: string, value: Attribute): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  if (typeof value === 'object') return message.integers(8, value).integer(20, 7);
  return message.integer(3, typeof value === 'string' ? TYPES[value] : value).integer(20, 2);
}
