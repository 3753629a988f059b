/**
 * Purpose: what a registered schema makes of bytes: JSON.
 * Invariants: Avro's long is a number, and a value that a number cannot hold is missing; int64 of
 * Protobuf is text, as in its own JSON. Bytes are base64. Schemas that are referred to are read
 * before.
 * Fails: a decoder, with the library's own error, for bytes that do not fit.
 */

/** As the registry sends it; without a type it is Avro. */
export interface RegisteredSchema {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly {
    readonly name: string;
    readonly subject: string;
    readonly version: number;
  }[];
}

/** @returns JSON */
export type Decode = (bytes: Uint8Array) => string;
type Get = <T>(path: string) => Promise<T | null>;

/** null for a schema that cannot be read, or that refers to one that is not there. */
export async function decoderOf(registered: RegisteredSchema, get: Get): Promise<Decode | null> {
  const referred = await referredBy(registered, get);
  if (referred === null) return null;
  const { schema, schemaType = 'AVRO' } = registered;
  try {
    if (schemaType === 'JSON') return (bytes) => new TextDecoder().decode(bytes);
    if (schemaType === 'PROTOBUF') return await protobufDecoder(schema, referred);
    return schemaType === 'AVRO' ? await avroDecoder(schema, referred) : null;
  } catch {
    return null;
  }
}

/** Name → schema, each after those that it refers to; null where one is missing. */
async function referredBy(
  { references = [] }: RegisteredSchema,
  get: Get,
): Promise<Map<string, string> | null> {
  const found = new Map<string, string>();
  for (const { name, subject, version } of references) {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
    const one = await get<RegisteredSchema>(path);
    const own = one && (await referredBy(one, get));
    if (one === null || own === null) return null;
    for (const [inner, text] of own) found.set(inner, text);
    found.set(name, one.schema);
  }
  return found;
}

async function avroDecoder(schema: string, referred: Map<string, string>): Promise<Decode> {
  const { default: avro } = await import('avsc');
  const registry = {};
  for (const text of referred.values()) avro.Type.forSchema(JSON.parse(text), { registry });
  const type = avro.Type.forSchema(JSON.parse(schema), { registry });
  return (bytes) => JSON.stringify(type.fromBuffer(Buffer.from(bytes)), base64);
}

/** For JSON.stringify, which has made an object of a Buffer before it asks. */
function base64(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const own = this[key];
  return Buffer.isBuffer(own) ? own.toString('base64') : value;
}

async function protobufDecoder(schema: string, referred: Map<string, string>): Promise<Decode> {
  const { default: protobuf } = await import('protobufjs');
  const root = new protobuf.Root();
  // The schema itself first: its messages are counted in the order of its namespace.
  const parsed = protobuf.parse(schema, root, { keepCase: true });
  const imports = [...(parsed.imports ?? [])];
  for (const text of referred.values())
    imports.push(...(protobuf.parse(text, root, { keepCase: true }).imports ?? []));
  for (const name of imports) {
    const common = protobuf.common.get(name);
    if (common?.nested) root.addJSON(common.nested);
  }
  root.resolveAll();
  const namespace = parsed.package ? root.lookup(parsed.package) : root;
  const options = { longs: String, enums: String, bytes: String, defaults: true };
  return (bytes) => {
    const reader = protobuf.Reader.create(Buffer.from(bytes));
    let message: unknown = namespace;
    for (const index of messagePath(reader))
      message = (message as InstanceType<typeof protobuf.Namespace>).nestedArray.filter(
        (nested) => nested instanceof protobuf.Type,
      )[index];
    const type = message as InstanceType<typeof protobuf.Type>;
    return JSON.stringify(type.toObject(type.decode(reader), options));
  };
}

/** Which message of the schema it is: its place among its siblings, from the outside in. */
function messagePath(reader: { sint32(): number }): number[] {
  const length = reader.sint32();
  return length === 0 ? [0] : Array.from({ length }, () => reader.sint32());
}
