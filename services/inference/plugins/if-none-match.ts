/**
 * Purpose: whether a client has the answer already, by its If-None-Match header (RFC 9110, 13.1.2).
 * Invariants: compared weakly, as the RFC has it for this header; a star is any answer there is.
 * Fails: never.
 */
import type { FastifyRequest } from 'fastify';

/** @param etag of what would be answered, as the ETag header gives it */
export function hasAlready(request: FastifyRequest, etag: string): boolean {
  const given = request.headers['if-none-match'];
  if (given === undefined) return false;
  const opaque = opaqueOf(etag);
  return given.split(',').some((one) => one.trim() === '*' || opaqueOf(one.trim()) === opaque);
}

const opaqueOf = (etag: string): string => (etag.startsWith('W/') ? etag.slice(2) : etag);
