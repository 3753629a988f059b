/**
 * Purpose: Kafka as an EventLog and as an EventPublisher: the one file that knows the client
 * (docs/decisions/0051).
 * Invariants: the client is loaded at the first use; partitions are read directly, without a
 * consumer group; `read_committed` is decided here (decode-batches.ts), for the client's own filter
 * passes on records of aborted transactions.
 * Fails: as event-log.ts.
 */
import type { Admin, Broker, Producer } from '@platformatic/kafka';
import { HeadwayError, isHeadwayError } from '../errors.ts';
import { decodeBatches } from './decode-batches.ts';
import type { EventBatch, EventLog, EventPublisher } from './event-log.ts';
import type { KafkaAddress } from './kafka-address.ts';

/** A response holds at least one batch, whatever its size. */
const MAX_BYTES = 4 << 20;
const MAX_WAIT_MS = 100;
const READ_COMMITTED = 1;
const EARLIEST = -2n;
/** Leaders move, brokers restart. */
const MAX_TRIES = 5;
const RETRY_MS = 250;

type Client = typeof import('@platformatic/kafka');

/** It is large, and most commands read no stream. */
const loadClient = (): Promise<Client> => import('@platformatic/kafka');

const optionsOf = ({ brokers, isTls, sasl }: KafkaAddress) => ({
  clientId: 'headway',
  bootstrapBrokers: [...brokers],
  ...(isTls ? { tls: {} } : {}),
  ...(sasl ? { sasl } : {}),
  connectTimeout: 5000,
  requestTimeout: 30_000,
});

export async function openKafkaLog(address: KafkaAddress, topic: string): Promise<EventLog> {
  const client = await loadClient();
  // Without its retries: ours know which errors pass.
  const admin = new client.Admin({ ...optionsOf(address), retries: 0 });
  return new KafkaLog(client, admin, address, topic);
}

class KafkaLog implements EventLog {
  readonly location: string;
  readonly #client: Client;
  readonly #admin: Admin;
  readonly #topic: string;

  constructor(client: Client, admin: Admin, address: KafkaAddress, topic: string) {
    this.location = `topic ${topic} at ${address.brokers.join(',')}`;
    this.#client = client;
    this.#admin = admin;
    this.#topic = topic;
  }

  async #metadata(forceUpdate: boolean) {
    const found = await this.#admin.metadata({ topics: [this.#topic], forceUpdate });
    const topic = found.topics.get(this.#topic);
    if (topic !== undefined) return { clusterId: found.id, brokers: found.brokers, topic };
    throw unknownTopic(this.location);
  }

  identify() {
    return this.#attempt(async () => {
      const { clusterId, topic } = await this.#metadata(true);
      return { clusterId, topicId: topic.id, partitions: topic.partitionsCount };
    });
  }

  earliest() {
    return this.#attempt(async () => {
      const { topic } = await this.#metadata(false);
      const partitions = topic.partitions.map((_, partitionIndex) => ({
        ...{ partitionIndex, timestamp: EARLIEST },
      }));
      const [listed] = await this.#admin.listOffsets({
        topics: [{ name: this.#topic, partitions }],
      });
      const offsets = partitions.map(() => 0);
      for (const { partitionIndex, offset } of listed?.partitions ?? [])
        offsets[partitionIndex] = Number(offset);
      return offsets;
    });
  }

  read(partition: number, from: number, most: number): Promise<EventBatch> {
    return this.#attempt(async (isAgain) => {
      const { topic, brokers } = await this.#metadata(isAgain);
      const leader = brokers.get(topic.partitions[partition]?.leader ?? -1);
      if (leader === undefined) throw new Error(`partition ${partition} has no leader`);
      const found = await this.#fetch(leader, topic.id, partition, from);
      if (found === undefined) throw new Error(`no response about partition ${partition}`);
      const batch = decodeBatches(found.records ?? [], found.abortedTransactions, from, most);
      return { ...batch, isCaughtUp: batch.next >= Number(found.lastStableOffset) };
    });
  }

  async #fetch(leader: Broker, topicId: string, partition: number, from: number) {
    const connection = await this.#admin.connections.get(leader);
    const asked = {
      ...{ partition, currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
      ...{ fetchOffset: BigInt(from), partitionMaxBytes: MAX_BYTES },
    };
    const topics = [{ topicId, partitions: [asked] }];
    const limits = [MAX_WAIT_MS, 1, MAX_BYTES, READ_COMMITTED] as const;
    // No fetch session: every request says all that it wants.
    const { responses } = await this.#client.fetchV17.api.async(
      connection,
      ...limits,
      0,
      0,
      topics,
      [],
      '',
    );
    return responses[0]?.partitions[0];
  }

  async mirror(groupId: string, next: readonly number[]): Promise<void> {
    const partitionOffsets = next.map((offset, partition) => ({
      ...{ partition, offset: BigInt(offset) },
    }));
    await this.#attempt(() =>
      this.#admin.alterConsumerGroupOffsets({
        groupId,
        topics: [{ name: this.#topic, partitionOffsets }],
      }),
    );
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }

  async #attempt<T>(work: (isAgain: boolean) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work(tries > 1);
      } catch (error) {
        if (isHeadwayError(error)) throw error;
        if (idsOf(error).includes('OFFSET_OUT_OF_RANGE')) throw overtaken(this.location, error);
        // Once may be the news of a topic that was just created.
        if (tries > 1 && isUnknownTopic(error)) throw unknownTopic(this.location);
        if (tries === MAX_TRIES) throw unavailable(this.location, error);
        this.#admin.clearMetadata();
        await this.#client.sleep(RETRY_MS * tries);
      }
    }
  }
}

export async function openKafkaPublisher(
  address: KafkaAddress,
  topic: string,
): Promise<EventPublisher> {
  const client = await loadClient();
  const options = { ...optionsOf(address), serializers: client.stringSerializers };
  const producer: Producer<string, string, string, string> = new client.Producer({
    ...{ ...options, idempotent: true, acks: client.ProduceAcks.ALL },
  });
  const location = `topic ${topic} at ${address.brokers.join(',')}`;
  return {
    async prepare(partitions) {
      const admin = new client.Admin(optionsOf(address));
      const configs = [{ name: 'retention.ms', value: '-1' }];
      try {
        await admin.createTopics({ topics: [topic], partitions, replicas: -1, configs });
      } catch (error) {
        if (!idsOf(error).includes('TOPIC_ALREADY_EXISTS')) throw unavailable(location, error);
      } finally {
        await admin.close();
      }
    },
    async publish(events) {
      const messages = events.map(({ key, value, published }) => ({
        ...{ topic, key, value, timestamp: BigInt(published) },
      }));
      await producer.send({ messages }).catch((error: unknown) => {
        throw unavailable(location, error);
      });
    },
    close: () => producer.close(),
  };
}

/** Kafka's names of what went wrong, wherever the client put them. */
function idsOf(error: unknown): string[] {
  const { apiId, errors, cause } = error as Record<'apiId' | 'errors' | 'cause', unknown>;
  const inner = [...(Array.isArray(errors) ? errors : []), ...(cause ? [cause] : [])];
  return [...(typeof apiId === 'string' ? [apiId] : []), ...inner.flatMap(idsOf)];
}

/** The client gives up with these words, and without Kafka's name of the error. */
const isUnknownTopic = (error: unknown): boolean =>
  idsOf(error).includes('UNKNOWN_TOPIC_OR_PARTITION') || /^Unknown topic/.test(reasonOf(error));

const reasonOf = (error: unknown): string =>
  idsOf(error)[0] ?? (error instanceof Error ? error.message : String(error));

const overtaken = (where: string, cause: unknown): HeadwayError =>
  new HeadwayError('STREAM_OVERTAKEN', 'the log does not have the offset that comes next', {
    ...{ where, cause },
    fix: 'Compare the log with `headway stream status`.',
  });

const unknownTopic = (where: string): HeadwayError =>
  new HeadwayError('SOURCE_NOT_FOUND', 'the cluster has no such topic', {
    where,
    fix: 'Check the name; Headway does not create the topic that it reads.',
  });

const unavailable = (where: string, cause: unknown): HeadwayError =>
  new HeadwayError('STREAM_UNAVAILABLE', `the brokers do not respond: ${reasonOf(cause)}`, {
    ...{ where, cause },
    fix: 'Check --brokers, the network and the credentials; nothing was lost.',
  });
