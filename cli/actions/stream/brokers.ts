/**
 * Purpose: the brokers of the settings.
 * Fails: USAGE where none are named; SETTINGS_INVALID as platform/streams/kafka-address.ts.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import { type KafkaAddress, parseKafkaAddress } from '../../../platform/streams/kafka-address.ts';
import type { CommandContext } from '../../context.ts';

export function brokersOf({ settings, environment }: CommandContext): KafkaAddress {
  if (settings.brokers !== null) return parseKafkaAddress(settings.brokers, environment);
  throw new HeadwayError('USAGE', 'no brokers are named', {
    fix: 'Give --brokers kafka://HOST:PORT, or set HEADWAY_BROKERS.',
  });
}
