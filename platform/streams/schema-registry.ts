/**
 * Purpose: an event log whose values are Avro, Protobuf or JSON by a schema registry, as one of
 * JSON: values that begin with a schema's id become the JSON of what they hold.
 * Invariants: other values pass as they are, and so does a value that its schema does not fit or
 * whose schema does not exist: it is not JSON, and becomes a dead letter with its bytes. A schema
 * is fetched once, because ids are never given to another one; one that is not there, which may be
 * registered later, with each batch.
 * Fails: STREAM_UNAVAILABLE where the registry does not respond or refuses the user;
 * SETTINGS_INVALID for an address that is none. As the log does.
 */
import { LRUCache } from 'lru-cache';
import { HeadwayError } from '../errors.ts';
import { type HttpClient, reasonOf } from '../http/client.ts';
import { decoded } from '../text/decoded.ts';
import type { EventBatch, EventLog } from './event-log.ts';
import { type Decode, decoderOf, type RegisteredSchema } from './schema-decoders.ts';

/** The wire format of Confluent: a zero, the id of the schema in four bytes, the value. */
const MAGIC = 0;
const HEADER_BYTES = 5;
const MAX_SCHEMAS = 1000;

export interface RegistryAddress {
  readonly url: string;
  readonly auth: { readonly username: string; readonly password: string } | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** http(s)://[USER@]HOST[:PORT][/PATH]; the password of the user is in SCHEMA_REGISTRY_PASSWORD. */
export function parseRegistryAddress(text: string, environment: Environment): RegistryAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isRight = url !== null && /^https?:$/.test(url.protocol) && url.password === '';
  const password = environment.SCHEMA_REGISTRY_PASSWORD ?? '';
  if (!isRight || (url.username !== '' && password === ''))
    throw new HeadwayError(
      'SETTINGS_INVALID',
      'the address of the schema registry cannot be parsed',
      {
        where: '--registry',
        fix:
          'Write http://HOST:PORT or https://USER@HOST, and set SCHEMA_REGISTRY_PASSWORD for the ' +
          'user. Do not put a password into it.',
      },
    );
  const username = decoded(url.username);
  url.username = '';
  return {
    url: url.href.replace(/\/$/, ''),
    auth: username === '' ? null : { username, password },
  };
}

type Readable = Pick<EventLog, 'location' | 'identify' | 'earliest' | 'read'>;

export function registryLog(
  events: Readable,
  address: RegistryAddress,
  http: HttpClient,
): Readable {
  const registry = new Registry(address, http);
  return {
    location: events.location,
    identify: () => events.identify(),
    earliest: () => events.earliest(),
    read: async (...of) => registry.decoded(await events.read(...of)),
  };
}

class Registry {
  readonly #address: RegistryAddress;
  readonly #http: HttpClient;
  /** null: the schema is none that can be read, or refers to one that is not there. */
  readonly #decoders = new LRUCache<number, { readonly decode: Decode | null }>({
    max: MAX_SCHEMAS,
  });

  constructor(address: RegistryAddress, http: HttpClient) {
    this.#address = address;
    this.#http = http;
  }

  async decoded(batch: EventBatch): Promise<EventBatch> {
    const ids = new Set(batch.records.flatMap(({ value }) => idOf(value) ?? []));
    const decoders = new Map<number, Decode | null>();
    for (const id of ids) decoders.set(id, await this.#decoder(id));
    if (ids.size === 0) return batch;
    const records = batch.records.map((record) => {
      const decode = decoders.get(idOf(record.value) ?? -1);
      return decode ? { ...record, value: jsonOf(record.value as Uint8Array, decode) } : record;
    });
    return { ...batch, records };
  }

  async #decoder(id: number): Promise<Decode | null> {
    const known = this.#decoders.get(id);
    if (known) return known.decode;
    const schema = await this.#get<RegisteredSchema>(`/schemas/ids/${id}`);
    if (schema === null) return null;
    const decode = await decoderOf(schema, (path) => this.#get(path));
    this.#decoders.set(id, { decode });
    return decode;
  }

  /** null where there is no such thing. */
  async #get<T>(path: string): Promise<T | null> {
    const { url, auth } = this.#address;
    try {
      const { data } = await this.#http.axios.get<T>(`${url}${path}`, auth ? { auth } : {});
      return data;
    } catch (cause) {
      if ((cause as { response?: { status?: number } }).response?.status === 404) return null;
      throw new HeadwayError(
        'STREAM_UNAVAILABLE',
        `the schema registry does not respond: ${reasonOf(cause)}`,
        {
          ...{ where: url, cause },
          fix: 'Check --registry and SCHEMA_REGISTRY_PASSWORD; nothing was lost.',
        },
      );
    }
  }
}

const idOf = (value: Uint8Array | null): number | null =>
  value !== null && value.length > HEADER_BYTES && value[0] === MAGIC
    ? new DataView(value.buffer, value.byteOffset).getUint32(1)
    : null;

const encoder = new TextEncoder();

/** The value itself where the schema does not fit. */
function jsonOf(value: Uint8Array, decode: Decode): Uint8Array {
  try {
    return encoder.encode(decode(value.subarray(HEADER_BYTES)));
  } catch {
    return value;
  }
}
