/**
 * Purpose: a topic of its own on a real broker, with what a test does to it.
 * Fails: with the client's own errors.
 */
import { randomUUID } from 'node:crypto';
import { Admin, Producer, stringSerializers } from '@platformatic/kafka';
import { parseKafkaAddress } from '../../platform/streams/kafka-address.ts';
import { openKafkaLog } from '../../platform/streams/kafka-log.ts';
import type { EventLogUnderTest } from '../fixtures/event-log-contract.ts';

export async function openTopic(
  address: string,
  partitions = 2,
): Promise<EventLogUnderTest & { readonly topic: string; readonly admin: Admin }> {
  const parsed = parseKafkaAddress(address, {});
  const options = { clientId: 'test', bootstrapBrokers: [...parsed.brokers] };
  const admin = new Admin(options);
  const topic = `test-${randomUUID()}`;
  const configs = [{ name: 'retention.ms', value: '-1' }];
  const create = () => admin.createTopics({ topics: [topic], partitions, replicas: 1, configs });
  await create();
  const plain = new Producer({ ...options, serializers: stringSerializers });
  const transactional = new Producer({
    ...{ ...options, serializers: stringSerializers, idempotent: true },
    transactionalId: topic,
  });
  const log = await openKafkaLog(parsed, topic);
  return {
    ...{ log, topic, admin },
    async append(partition, values, published) {
      const timestamp = published === undefined ? {} : { timestamp: BigInt(published) };
      const messages = values.map((value) => ({ topic, partition, value, ...timestamp }));
      await plain.send({ messages });
    },
    async transaction(partition, values, outcome) {
      const transaction = await transactional.beginTransaction();
      for (const value of values)
        await transaction.send({ messages: [{ topic, partition, value }] });
      await (outcome === 'commit' ? transaction.commit() : transaction.abort());
    },
    async removeBefore(partition, offset) {
      const offsets = [{ partition, offset: BigInt(offset) }];
      await admin.deleteRecords({ topics: [{ name: topic, partitions: offsets }] });
    },
    async recreate() {
      await admin.deleteTopics({ topics: [topic] });
      await create();
      plain.clearMetadata();
    },
    async close() {
      await log.close();
      await plain.close();
      await transactional.close();
      await admin.deleteTopics({ topics: [topic] });
      await admin.close();
    },
  };
}
