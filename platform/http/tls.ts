/**
 * Purpose: what to do about a TLS connection that could not be made.
 * Invariants: only codes of certificates and of TLS itself have a fix.
 * Fails: never.
 */
const UNKNOWN_AUTHORITY = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** @param code of the system or of OpenSSL */
export function tlsFix(code: string): string | null {
  if (UNKNOWN_AUTHORITY.has(code))
    return (
      'The certificate is from an authority that Node does not know: set NODE_EXTRA_CA_CERTS to ' +
      'a PEM file with the certificate of the authority.'
    );
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'The certificate is for another host name: use the name that it was made for.';
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return 'Renew the certificate, or set the clock of this machine.';
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return 'The server does not speak TLS at this port: check http and https, and the port.';
  return null;
}
