// Sec-WebSocket-Key, and the Sec-WebSocket-Accept value that proves it was read (RFC 6455 §1.3, §4.1, §4.2.2).
import { kernel } from '#kernels';
import { handshakeError } from './handshake-error.ts';

/** What the server appends to the key: no server that knows nothing of WebSocket would (RFC 6455 §1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** 16 bytes in base64. One character class with a fixed count: there is nothing to go back to. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/**
 * A new key: 16 random bytes in base64, "selected randomly for each connection" (RFC 6455 §4.1).
 */
export function generateKey(): string {
  return kernel.randomKey();
}

/** Whether a text has the form of a key: 22 base64 characters and `==` (RFC 6455 §4.2.1). */
export function isKey(text: string): boolean {
  return KEY.test(text);
}

/**
 * The value of `Sec-WebSocket-Accept` that answers a key (RFC 6455 §4.2.2).
 *
 * @throws `TypeError` with the code `WS_ERR_ILLEGAL_KEY` when {@link isKey} denies the key.
 * @example
 * acceptValue('dGhlIHNhbXBsZSBub25jZQ=='); // 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
 */
export function acceptValue(key: string): string {
  if (!isKey(key)) throw handshakeError('ILLEGAL_KEY');
  return kernel.sha1Base64(key + GUID);
}
