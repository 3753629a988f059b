/**
 * Purpose: the address of a Kafka cluster reads as people write it, and what cannot sign in is
 * refused before a broker is asked.
 */
import { expect, test } from '@jest/globals';
import { parseKafkaAddress } from '../../../../platform/streams/kafka-address.ts';

test('reads hosts, TLS and a user with password and mechanism from the environment', () => {
  expect(parseKafkaAddress('kafka://a:9092', {})).toEqual({
    ...{ brokers: ['a:9092'], isTls: false, sasl: null },
  });
  const environment = { KAFKA_PASSWORD: 'p@ss:word' };
  const secure = 'kafkas://ana@b-1.example.org:9096,b-2.example.org:9096';
  const sasl = { mechanism: 'SCRAM-SHA-512', username: 'ana', password: 'p@ss:word' };
  const brokers = ['b-1.example.org:9096', 'b-2.example.org:9096'];
  expect(parseKafkaAddress(secure, environment)).toEqual({ brokers, isTls: true, sasl });
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])
    expect(
      parseKafkaAddress(secure, { ...environment, KAFKA_SASL_MECHANISM: mechanism }).sasl,
    ).toEqual({ ...sasl, mechanism });
});

test.each([
  ['a user without a password', {}],
  ['a user with an empty one', { KAFKA_PASSWORD: '' }],
  [
    'a mechanism that is none of ours',
    { KAFKA_PASSWORD: 'x', KAFKA_SASL_MECHANISM: 'AWS_MSK_IAM' },
  ],
])('refuses %s', (_, environment) => {
  expect(() => parseKafkaAddress('kafkas://ana@a:9096', environment)).toThrow(
    expect.objectContaining({ code: 'SETTINGS_INVALID', fix: expect.stringContaining('SCRAM') }),
  );
});

test.each(['a:9092', 'kafka://a', 'kafka://ana:secret@a:9092', 'kafka://a:9092/topic'])(
  'refuses the address %s without repeating it',
  (text) => {
    let message = '';
    try {
      parseKafkaAddress(text, {});
    } catch (error) {
      message = String(error);
      expect(error).toMatchObject({ code: 'SETTINGS_INVALID' });
    }
    expect(message).not.toBe('');
    expect(message).not.toContain('secret');
  },
);
