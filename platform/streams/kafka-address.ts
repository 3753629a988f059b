/**
 * Purpose: the address of a Kafka cluster as people write it.
 * Invariants: a password has no place in it, so that none is logged.
 * Fails: SETTINGS_INVALID for an invalid address, or a user without a password.
 */
import { HeadwayError } from '../errors.ts';

export interface KafkaAddress {
  /** host:port */
  readonly brokers: readonly string[];
  readonly isTls: boolean;
  readonly sasl: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly password: string;
  } | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/**
 * kafka://[USER@]HOST:PORT[,HOST:PORT…], kafkas:// for TLS. The password of the user is in
 * KAFKA_PASSWORD, the mechanism in KAFKA_SASL_MECHANISM (SCRAM-SHA-512 where it is absent).
 */
export function parseKafkaAddress(text: string, environment: Environment): KafkaAddress {
  const [, secure, username, hosts] =
    /^kafka(s?):\/\/(?:([^@:/\s]+)@)?([A-Za-z0-9.-]+:\d{1,5}(?:,[A-Za-z0-9.-]+:\d{1,5})*)$/.exec(
      text,
    ) ?? [];
  if (hosts === undefined) {
    throw new HeadwayError('SETTINGS_INVALID', 'the address of the brokers cannot be parsed', {
      where: '--brokers',
      fix:
        'Write kafka://HOST:PORT,HOST:PORT, kafkas:// for TLS, USER@ before the hosts if they ' +
        'require one. Do not put a password into it.',
    });
  }
  const plain = { brokers: hosts.split(','), isTls: secure === 's' };
  if (username === undefined) return { ...plain, sasl: null };
  const password = environment.KAFKA_PASSWORD ?? '';
  const mechanism = MECHANISMS.find(
    (name) => name === (environment.KAFKA_SASL_MECHANISM ?? 'SCRAM-SHA-512'),
  );
  if (password !== '' && mechanism !== undefined)
    return { ...plain, sasl: { mechanism, username, password } };
  throw new HeadwayError('SETTINGS_INVALID', `the user ${username} cannot sign in`, {
    where: '--brokers',
    fix: `Set KAFKA_PASSWORD, and KAFKA_SASL_MECHANISM to one of ${MECHANISMS.join(', ')}.`,
  });
}
