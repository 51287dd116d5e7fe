/** The opening handshake of RFC 6455 §4: writes, reads and checks the heads of requests and responses. */

import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';

/** The head of a request or a response. Names of headers are in lower case, and the values of repeated ones are joined. */
export interface Head {
  readonly line: string;
  readonly headers: ReadonlyMap<string, string>;
  /** The names of the headers that occur more than once. */
  readonly repeated: ReadonlySet<string>;
  readonly text: string;
}

/** Thrown if the other end's part of the handshake is invalid. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const HEAD_END = '\r\n\r\n';
const MAX_HEAD_OCTETS = 65_536;
/** Headers that a server's answer may have only once. */
const SINGLE_HEADERS = [
  'upgrade',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
] as const;

/** Returns the Sec-WebSocket-Accept value for a key (§1.3). */
export function acceptValue(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

/** What a client requests. */
export interface RequestOptions {
  readonly url: URL;
  readonly origin: string | null;
  readonly protocols: readonly string[];
  /** The value of Sec-WebSocket-Extensions, or null to offer nothing. */
  readonly extensions: string | null;
}

/** Returns the text of a request and the key that it carries. */
export function writeRequest(options: RequestOptions): { text: string; key: string } {
  const key = randomBytes(16).toString('base64');
  const { url } = options;
  const port = url.port || (url.protocol === 'wss:' ? '443' : '80');
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    'User-Agent: framewire-conformance',
    `Host: ${url.hostname}:${port}`,
    'Upgrade: WebSocket',
    'Connection: Upgrade',
    'Pragma: no-cache',
    'Cache-Control: no-cache',
    `Sec-WebSocket-Key: ${key}`,
    ...(options.origin === null ? [] : [`Origin: ${options.origin}`]),
    ...(options.protocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${options.protocols.join(',')}`]),
    ...(options.extensions === null ? [] : [`Sec-WebSocket-Extensions: ${options.extensions}`]),
    'Sec-WebSocket-Version: 13',
  ];
  return { text: lines.join('\r\n') + HEAD_END, key };
}

/**
 * Checks a server's answer to a request with this key and these subprotocols (§4.1). It does not judge the extensions.
 *
 * @throws HandshakeError if it does not accept the upgrade.
 */
export function checkResponse(head: Head, key: string, protocols: readonly string[]): void {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(head.line)?.[1];
  if (status !== '101') throw new HandshakeError(`the server answered "${head.line}"`);
  for (const name of SINGLE_HEADERS) {
    if (head.repeated.has(name))
      throw new HandshakeError(`the server sent the header ${name} more than once`);
  }
  if (head.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
    throw new HandshakeError('the header upgrade is not websocket');
  }
  checkToken(head, 'connection', 'upgrade');
  const protocol = head.headers.get('sec-websocket-protocol') ?? '';
  if (protocol !== '' && !protocols.includes(protocol)) {
    throw new HandshakeError(`the server selected the subprotocol "${protocol}", which was not requested`);
  }
  if (head.headers.get('sec-websocket-accept') !== acceptValue(key)) {
    throw new HandshakeError('the Sec-WebSocket-Accept of the server does not match the key');
  }
}

/**
 * Checks a client's request (§4.2.1) for a server on `port`, and returns its key.
 *
 * @throws HandshakeError if it is not a valid WebSocket request.
 */
export function checkRequest(head: Head, port: number): string {
  if (!/^GET \S+ HTTP\/1\.1$/.test(head.line)) throw new HandshakeError('not a GET request of HTTP/1.1');
  const host = head.headers.get('host');
  if (host === undefined) throw new HandshakeError('the Host header is missing');
  if (Number(/:(\d+)$/.exec(host)?.[1] ?? 80) !== port)
    throw new HandshakeError('the Host header names another port');
  checkToken(head, 'upgrade', 'websocket');
  checkToken(head, 'connection', 'upgrade');
  const version = head.headers.get('sec-websocket-version');
  if (version !== '13' && version !== '8') throw new HandshakeError('the version is neither 13 nor 8');
  const key = head.headers.get('sec-websocket-key') ?? '';
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) throw new HandshakeError('the key is not 16 octets in base64');
  return key;
}

/** Returns the text of an answer that accepts the upgrade. */
export function writeResponse(key: string, extensions: string | null): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Server: framewire-conformance',
    'Upgrade: WebSocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptValue(key)}`,
    ...(extensions === null ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
  ];
  return lines.join('\r\n') + HEAD_END;
}

/** Returns the text of an answer that refuses, with the reason as its body. */
export function writeRefusal(status: string, reason: string): string {
  const body = `${reason}\n`;
  const lines = [
    `HTTP/1.1 ${status}`,
    'Server: framewire-conformance',
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return lines.join('\r\n') + HEAD_END + body;
}

/**
 * Reads the head of a request or a response from a socket, and pauses the socket. `early` has the octets that arrived after the head.
 *
 * @throws HandshakeError if the socket ends before the head is complete, or the head is too long.
 */
export function readHead(socket: Socket): Promise<{ head: Head; early: Buffer }> {
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0);
    const finish = () => {
      socket.off('data', onData).off('close', onClose).pause();
    };
    const onClose = () => {
      finish();
      reject(new HandshakeError('TCP was dropped during the opening handshake'));
    };
    const onData = (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      const end = held.indexOf(HEAD_END);
      if (end < 0 && held.length <= MAX_HEAD_OCTETS) return;
      finish();
      if (end < 0) reject(new HandshakeError('the head of the opening handshake is too long'));
      else
        resolve({
          head: parseHead(held.toString('latin1', 0, end)),
          early: held.subarray(end + HEAD_END.length),
        });
    };
    socket.on('data', onData).on('close', onClose);
    if (socket.destroyed) onClose();
  });
}

function parseHead(text: string): Head {
  const [line = '', ...rest] = text.split('\r\n');
  const headers = new Map<string, string>();
  const repeated = new Set<string>();
  for (const row of rest) {
    const colon = row.indexOf(':');
    if (colon <= 0) continue;
    const name = row.slice(0, colon).toLowerCase();
    const value = row.slice(colon + 1).trim();
    const before = headers.get(name);
    if (before !== undefined) repeated.add(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { line, headers, repeated, text: text + HEAD_END };
}

function checkToken(head: Head, name: string, token: string): void {
  const tokens = (head.headers.get(name) ?? '').split(',').map((part) => part.trim().toLowerCase());
  if (!tokens.includes(token)) throw new HandshakeError(`the header ${name} does not contain ${token}`);
}
