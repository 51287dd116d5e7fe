// The answer to an upgrade request, without a library (RFC 6455 §4.2.2).
import { createHash } from 'node:crypto';

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The head that accepts the request with this key. */
export function acceptingHead(key) {
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** The head that accepts a request, given its text. */
export function acceptingHeadFor(request) {
  return acceptingHead(/^sec-websocket-key: *(\S+)/im.exec(request)?.[1] ?? '');
}
