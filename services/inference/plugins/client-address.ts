/**
 * Purpose: whom a request is counted for: its key, else the address it came from.
 * Invariants: an address of IPv6 counts by its first 64 bits, which are one customer's: else one
 * client is as many as it likes; one of IPv4 written as IPv6 is the same as without.
 * Fails: never.
 */
import { isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';

export const clientOf = (request: FastifyRequest): string =>
  request.apiKey === null ? addressOf(request.ip) : `key ${request.apiKey.id}`;

export function addressOf(ip: string): string {
  if (!ip.includes(':') || !isIPv6(ip)) return ip;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip);
  if (mapped) return mapped[1] as string;
  // The URL parser writes it in its one shortest form; the first four groups are then a matter of
  // filling in the gap.
  const [head = '', tail] = new URL(`http://[${ip.replace(/%.*/, '')}]/`).hostname
    .slice(1, -1)
    .split('::');
  const groups = head === '' ? [] : head.split(':');
  const behind = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - groups.length - behind.length;
  return [...groups, ...new Array<string>(zeros).fill('0'), ...behind].slice(0, 4).join(':');
}

/** Whether a proxy is believed, by how many lie between it and this process. */
export const trusted =
  (hops: number) =>
  (_address: string, hop: number): boolean =>
    hop < hops;
