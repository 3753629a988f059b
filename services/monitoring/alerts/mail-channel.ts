/**
 * Purpose: alerts by mail.
 * Invariants: a password is sent over TLS alone; recipients come from the settings; nothing is
 * read from a file or a URL for a message.
 * Fails: with nodemailer's error.
 */
import { createTransport } from 'nodemailer';
import { decoded } from '../../../platform/text/decoded.ts';
import type { AlertChannel } from './channel.ts';

const TIMEOUT_MS = 10_000;

export function mailChannel(options: {
  /** smtp(s)://user:password@host:port */
  readonly smtp: string;
  readonly from: string;
  readonly to: readonly string[];
}): AlertChannel {
  const { smtp, from, to } = options;
  const { protocol, hostname, port, username, password } = new URL(smtp);
  const isSecure = protocol === 'smtps:';
  const hasUser = username !== '';
  const transport = createTransport({
    host: hostname,
    port: port === '' ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    requireTLS: hasUser && !isSecure,
    ...(hasUser ? { auth: { user: decoded(username), pass: decoded(password) } } : {}),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    name: 'mail',
    async send({ id, title, text }) {
      const headers = { 'X-Headway-Id': id };
      await transport.sendMail({ from, to: [...to], subject: title, text, headers });
    },
    // The message of a refused login may hold what the server said of it.
    reasonOf: (error) => (error as { code?: string }).code ?? 'unknown',
  };
}
