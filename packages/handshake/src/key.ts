// Sec-WebSocket-Key, and the Sec-WebSocket-Accept value that proves that the server read it (RFC 6455 §1.3, §4.1, §4.2.2).
import { kernel } from '#kernels';
import { handshakeError } from './handshake-error.ts';

/** The server appends this to the key. A server that does not know WebSocket would not do so (RFC 6455 §1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** 16 bytes in base64. One character class with a fixed count cannot backtrack. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** Returns a new key: 16 random bytes in base64, "selected randomly for each connection" (RFC 6455 §4.1). */
export function generateKey(): string {
  return kernel.randomKey();
}

/** Whether a text has the form of a key: 22 base64 characters and `==` (RFC 6455 §4.2.1). */
export function isKey(text: string): boolean {
  return KEY.test(text);
}

/**
 * Returns the `Sec-WebSocket-Accept` value for a key (RFC 6455 §4.2.2).
 *
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_KEY` if {@link isKey} is false for the key
 * @example
 * acceptValue('dGhlIHNhbXBsZSBub25jZQ=='); // 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
 */
export function acceptValue(key: string): string {
  if (!isKey(key)) throw handshakeError('ILLEGAL_KEY');
  return kernel.sha1Base64(key + GUID);
}
