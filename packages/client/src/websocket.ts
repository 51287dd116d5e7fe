// The client: a WebSocket that connects to a URL.
import type { ClientRequest, ClientRequestArgs } from 'node:http';
import {
  abortHandshake,
  attemptOf,
  beginAttempt,
  failHandshake,
  given,
  WebSocketConnection,
} from '@framewire/connection';
import { parseAddress } from './address.ts';
import { ConnectAttempt, type ConnectListener } from './connect.ts';
import type { ClientOptions } from './options.ts';
import { onAbort } from './signal.ts';

/** One subprotocol, or several with the preferred one first. */
export type Subprotocols = string | readonly string[];

const urlKey = Symbol('url');

/**
 * A WebSocket client.
 *
 * @example
 * ```ts
 * const ws = new WebSocket('wss://example.com/chat', 'chat', { headers: { Cookie: cookie } });
 * ws.on('open', () => ws.send('hello'));
 * ws.on('message', (data, isBinary) => console.log(isBinary ? data : data.toString()));
 * ```
 */
export class WebSocket extends WebSocketConnection {
  /** @internal */
  declare [urlKey]?: string;

  /**
   * Starts to connect. The outcome is `open`, or `error` and `close`.
   *
   * @param address `ws:`, `wss:`, `http:`, `https:` or `ws+unix:/path/to.sock:/path?query`; null for a WebSocket to which a server attaches
   *   a connection
   * @param protocols the subprotocols to request; optional
   * @throws `SyntaxError` for an invalid address or subprotocol
   * @throws `RangeError` for an unknown `protocolVersion`; with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for an invalid window of
   *   `perMessageDeflate`; for times of `heartbeat` that are not above 0
   * @throws `TypeError` for invalid header names and values; for an unknown profile of `perMessageDeflate`; for an unknown `onBufferFull`
   */
  constructor(address: string | URL, options?: ClientOptions<WebSocket> | ClientRequestArgs);
  constructor(
    address: string | URL,
    protocols?: Subprotocols,
    options?: ClientOptions<WebSocket> | ClientRequestArgs,
  );
  constructor(address: null, protocols?: undefined, options?: ClientOptions<WebSocket>);
  constructor(
    address: string | URL | null,
    second?: Subprotocols | ClientOptions<WebSocket> | ClientRequestArgs,
    third?: ClientOptions<WebSocket> | ClientRequestArgs,
  ) {
    const hasOptionsSecond = isOptions(second);
    const options = ((hasOptionsSecond ? second : third) ?? {}) as ClientOptions<WebSocket>;
    super(options);
    if (address === null) return;
    const protocols = hasOptionsSecond || second === undefined ? options.protocols : second;
    const attempt = new ConnectAttempt(
      listenerOf(this, options),
      parseAddress(address),
      toList(protocols),
      options,
    );
    beginAttempt(this, attempt);
    this[urlKey] = attempt.address.url.href;
    attempt.start();
  }

  /**
   * The URL, or that of the last redirect, even if the client could not follow it. Undefined on a server's connection, although the type
   * says `string`, as in `ws`.
   */
  get url(): string {
    return this[urlKey] as string;
  }
}

/** Returns the HTTP request of a WebSocket while it connects, otherwise undefined. */
export function requestOf(ws: WebSocket): ClientRequest | undefined {
  const attempt = attemptOf(ws);
  return attempt instanceof ConnectAttempt ? attempt.request : undefined;
}

/** Forwards the events of the attempt to the WebSocket. */
function listenerOf(ws: WebSocket, options: ClientOptions<WebSocket>): ConnectListener {
  const { signal } = options;
  return {
    watchesRedirects: () => ws.listenerCount('redirect') > 0,
    moved(url) {
      ws[urlKey] = url.href;
    },
    redirected: (request) => ws.emit('redirect', ws.url, request),
    unexpectedResponse: (request, response) => ws.emit('unexpected-response', request, response),
    finishRequest(request) {
      if (!options.finishRequest) return false;
      options.finishRequest(request, ws);
      return true;
    },
    upgraded(response) {
      ws.emit('upgrade', response);
      return ws.readyState === ws.CONNECTING;
    },
    opened(socket, head, protocol, extension) {
      const generateMask = given(options.generateMask);
      const onClosed = onAbort(signal, () => {
        ws.close(1001);
      });
      ws.setSocket(socket, head, { role: 'client', protocol, extension, generateMask, onClosed });
    },
    failed: (error) => {
      failHandshake(ws, error);
    },
    aborted: (error) => {
      abortHandshake(ws, error);
    },
  };
}

// JavaScript code may pass anything. Everything but a plain object counts as subprotocols, and is rejected if it is not a string or a list.
function isOptions(argument: unknown): argument is ClientOptions<WebSocket> {
  return typeof argument === 'object' && argument !== null && !Array.isArray(argument);
}

function toList(protocols: unknown): readonly string[] {
  if (protocols === undefined) return [];
  return (Array.isArray(protocols) ? protocols : [protocols]) as readonly string[];
}

Object.defineProperty(WebSocket.prototype, 'url', { enumerable: true });
