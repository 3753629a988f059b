/**
 * Purpose: the event log on a real broker: `npm run test:kafka`. It fetches and starts a broker
 * (broker.ts), and skips with the reason where it cannot.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { Producer } from '@platformatic/kafka';
import avro from 'avsc';
import { parseKafkaAddress } from '../../platform/streams/kafka-address.ts';
import { openKafkaLog, openKafkaPublisher } from '../../platform/streams/kafka-log.ts';
import { headway } from '../fixtures/cli/headway-process.ts';
import { describeEventLog, readAll } from '../fixtures/event-log-contract.ts';
import { skipped } from '../fixtures/skipped.ts';
import { temporaryFolder } from '../fixtures/storage/features.ts';
import { type Secured, startBroker } from './broker.ts';
import { openTopic } from './kafka-topic.ts';

const broker = await startBroker();

if ('unavailable' in broker) {
  skipped(broker.unavailable);
} else {
  afterAll(() => broker.stop());

  describeEventLog('Kafka', () => openTopic(broker.address));

  test('a killed and restarted broker has everything that it acknowledged', async () => {
    const place = await openTopic(broker.address);
    await place.append(0, ['a', 'b']);
    const { clusterId, topicId } = await place.log.identify();
    await broker.restart();
    expect(await place.log.identify()).toMatchObject({ clusterId, topicId });
    expect((await readAll(place.log, 0, 0)).values).toEqual(['a', 'b']);
    await place.close();
  });

  test('an absent topic is not created, and an absent broker is named', async () => {
    const absent = await openKafkaLog(parseKafkaAddress(broker.address, {}), 'no-such-topic');
    await expect(absent.identify()).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    await absent.close();
    const nowhere = parseKafkaAddress('kafka://127.0.0.1:1', {});
    const closed = await openKafkaLog(nowhere, 'trips');
    await expect(closed.identify()).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE' });
    await closed.close();
  });

  test('mirrors offsets into a group', async () => {
    const place = await openTopic(broker.address);
    await place.append(0, ['a', 'b']);
    await place.log.mirror('headway-test', [2, 0]);
    const [found] = await place.admin.listConsumerGroupOffsets({ groups: ['headway-test'] });
    const offsets = found?.topics.find(({ name }) => name === place.topic)?.partitions;
    expect(offsets?.map(({ committedOffset }) => Number(committedOffset)).sort()).toEqual([0, 2]);
    await place.close();
  });

  test('published events keep their time, and keys their partition', async () => {
    const place = await openTopic(broker.address);
    const publisher = await openKafkaPublisher(parseKafkaAddress(broker.address, {}), place.topic);
    await publisher.prepare(2);
    const events = Array.from({ length: 50 }, (_, i) => ({
      ...{ key: `k${i % 5}`, value: String(i), published: 1_000_000 + i },
    }));
    await publisher.publish(events);
    const values = [await readAll(place.log, 0, 0), await readAll(place.log, 1, 0)].map(
      (found) => found.values,
    );
    expect(values.flat().sort()).toEqual(events.map(({ value }) => value).sort());
    for (const partition of values) {
      expect(partition).toEqual([...partition].sort((a, b) => Number(a) - Number(b)));
      const keys = new Set(partition.map((value) => Number(value) % 5));
      const others = new Set(
        values
          .filter((one) => one !== partition)
          .flat()
          .map((v) => Number(v) % 5),
      );
      expect([...keys].filter((key) => others.has(key))).toEqual([]);
    }
    await publisher.close();
    await place.close();
  });

  const { secured } = broker;
  (secured ? test : test.skip)(
    'the command lands over TLS by SCRAM, and not with a wrong password or certificate',
    async () => {
      const { folder, remove } = await temporaryFolder();
      const place = await openTopic(broker.address);
      const event = { lpep_pickup_datetime: '2026-01-05 12:00:00', PULocationID: 74 };
      await place.append(0, [JSON.stringify(event)], Date.UTC(2026, 0, 5, 17));
      const { address, password, mechanism, authority } = secured as Secured;
      const given = {
        ...{ HEADWAY_BROKERS: address, HEADWAY_STORE: `file:${join(folder, 'store')}` },
        ...{ KAFKA_PASSWORD: password, KAFKA_SASL_MECHANISM: mechanism },
        ...{ NODE_EXTRA_CA_CERTS: authority, HEADWAY_WORK: join(folder, 'work') },
      };
      const land = (env: Record<string, string>) =>
        headway(['stream', 'land', '--topic', place.topic, '--once', '--json'], env);
      // A wrong password, and a certificate that nobody vouches for, land nothing.
      const { NODE_EXTRA_CA_CERTS: _, ...untrusted } = given;
      for (const env of [{ ...given, KAFKA_PASSWORD: 'other' }, untrusted]) {
        const { code, stderr } = await land(env);
        expect([code, stderr]).toEqual([4, expect.stringContaining('STREAM_UNAVAILABLE')]);
        expect(stderr).not.toContain(password);
      }
      const { code, stdout, stderr } = await land(given);
      expect([code, JSON.parse(stdout)]).toMatchObject([0, { used: 1, rejected: 0, entries: 1 }]);
      // What the alarm on AWS counts (infra/aws/stacks/stream-stack.ts).
      expect(stderr).toMatch(/"msg":"landed"/);
      await place.close();
      await remove();
    },
  );

  test('the command lands Avro of a schema registry', async () => {
    const trip = {
      ...{ type: 'record', name: 'Trip' },
      fields: [
        { name: 'lpep_pickup_datetime', type: 'string' },
        { name: 'PULocationID', type: 'int' },
      ],
    };
    const registry = createServer((request, response) => {
      response.writeHead(request.url === '/schemas/ids/7' ? 200 : 404);
      response.end(JSON.stringify({ schema: JSON.stringify(trip) }));
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    const { folder, remove } = await temporaryFolder();
    const place = await openTopic(broker.address);
    const producer = new Producer({
      clientId: 'test',
      bootstrapBrokers: [...parseKafkaAddress(broker.address, {}).brokers],
    });
    const type = avro.Type.forSchema(trip as avro.Schema);
    const header = Buffer.from([0, 0, 0, 0, 7]);
    const value = type.toBuffer({ lpep_pickup_datetime: '2026-01-05 12:00:00', PULocationID: 74 });
    const timestamp = BigInt(Date.UTC(2026, 0, 5, 17));
    const messages = [Buffer.concat([header, value]), Buffer.from([0, 0, 0, 0, 8, 1])].map(
      (bytes) => ({ topic: place.topic, partition: 0, value: bytes, timestamp }),
    );
    await producer.send({ messages });
    const { port } = registry.address() as AddressInfo;
    const { code, stdout } = await headway(
      [
        ...['stream', 'land', '--topic', place.topic, '--once', '--json'],
        ...['--registry', `http://127.0.0.1:${port}`],
      ],
      {
        ...{ HEADWAY_BROKERS: broker.address, HEADWAY_STORE: `file:${join(folder, 'store')}` },
        HEADWAY_WORK: join(folder, 'work'),
      },
    );
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { used: 1, rejected: 1 }]);
    await producer.close();
    await place.close();
    registry.close();
    await remove();
  });
}
