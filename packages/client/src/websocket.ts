// The client: a WebSocket that is made from a URL.
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

/** Subprotocols as the user gives them: one, or several with the preferred one first. */
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
  declare [urlKey]: string | undefined;

  /**
   * Starts to connect; the outcome is the event `open`, or `error` and `close`.
   *
   * @param address `ws:`, `wss:`, `http:`, `https:` or `ws+unix:/path/to.sock:/path?query`; null for a WebSocket without a
   *   connection, to which a server gives one
   * @param protocols subprotocols to ask for; may be left out
   * @throws `SyntaxError` for an address or a subprotocol that cannot be, `RangeError` for an unknown `protocolVersion`,
   *   `TypeError` for header names and values that cannot be sent
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
    this[urlKey] = undefined;
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
    const { signal } = options;
    if (signal?.aborted) {
      abortHandshake(this, abortError(signal));
      return;
    }
    attempt.start();
    if (signal) closeOn(this, signal);
  }

  /** The URL, or that of the last redirect; undefined on a server's connections, which the type leaves out as that of `ws` does. */
  get url(): string {
    return this[urlKey] as string;
  }
}

/** The HTTP request of a WebSocket that is connecting, while it is under way. */
export function requestOf(ws: WebSocket): ClientRequest | undefined {
  const attempt = attemptOf(ws);
  return attempt instanceof ConnectAttempt ? attempt.request : undefined;
}

/** Closes a connection when a signal aborts, or gives the attempt up. */
function closeOn(ws: WebSocket, signal: AbortSignal): void {
  const abort = (): void => {
    if (ws.readyState === ws.CONNECTING) abortHandshake(ws, abortError(signal));
    else ws.close(1001);
  };
  signal.addEventListener('abort', abort);
  ws.once('close', () => {
    signal.removeEventListener('abort', abort);
  });
}

/** The error that Node's own functions give in this case. */
function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

/** What happens to the attempt to connect. */
function listenerOf(ws: WebSocket, options: ClientOptions<WebSocket>): ConnectListener {
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
      ws.setSocket(socket, head, { role: 'client', protocol, extension, generateMask });
    },
    failed: (error) => {
      failHandshake(ws, error);
    },
    aborted: (error) => {
      abortHandshake(ws, error);
    },
  };
}

// Programs in JavaScript pass anything: what is no list and no object of options is taken for a subprotocol, and refused.
function isOptions(argument: unknown): argument is ClientOptions<WebSocket> {
  return typeof argument === 'object' && argument !== null && !Array.isArray(argument);
}

function toList(protocols: unknown): readonly string[] {
  if (protocols === undefined) return [];
  return (Array.isArray(protocols) ? protocols : [protocols]) as readonly string[];
}

Object.defineProperty(WebSocket.prototype, 'url', { enumerable: true });
