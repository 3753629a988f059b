/**
 * Purpose: the part of the Protocol Buffers wire format that an ONNX file needs: numbers, floats,
 * bytes and nested messages, each behind its field number.
 * Invariants: fields are written in the order of the calls; the same calls give the same bytes.
 * Fails: a RangeError for a number that is not a safe integer of at least -2^53.
 * Why our own: onnx-proto is no longer maintained, and a general library (protobufjs) would be a
 * dependency of every installation for these 60 lines (docs/decisions/0049).
 */
const VARINT = 0;
const BYTES = 2;
const FIXED_32 = 5;
const TEXT = new TextEncoder();

export class ProtobufWriter {
  private readonly parts: Uint8Array[] = [];

  /** An int32, int64 or enum field. */
  integer(field: number, value: number): this {
    return this.tag(field, VARINT).varint(value);
  }

  /** A repeated int64 field, packed. */
  integers(field: number, values: readonly number[]): this {
    const packed = new ProtobufWriter();
    for (const value of values) packed.varint(value);
    return this.bytes(field, packed.finish());
  }

  /** A float field. */
  float(field: number, value: number): this {
    this.tag(field, FIXED_32);
    this.parts.push(new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, TEXT.encode(value));
  }

  message(field: number, value: ProtobufWriter): this {
    return this.bytes(field, value.finish());
  }

  bytes(field: number, value: Uint8Array): this {
    this.tag(field, BYTES).varint(value.byteLength);
    this.parts.push(value);
    return this;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.byteLength;
    }
    return out;
  }

  private tag(field: number, kind: number): this {
    return this.varint(field * 8 + kind);
  }

  private varint(value: number): this {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer`);
    const bytes: number[] = [];
    // Negative numbers are written as their two's complement of 64 bits.
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
    this.parts.push(Uint8Array.from(bytes));
    return this;
  }
}
