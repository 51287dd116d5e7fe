// The client: a WebSocket that is made from a URL.
import type { ClientRequest, ClientRequestArgs } from 'node:http';
import { WebSocketConnection } from '@framewire/connection';
import { parseAddress } from './address.ts';
import { ConnectAttempt, type ConnectListener } from './connect.ts';
import type { ClientOptions } from './options.ts';

/** Subprotocols as the user gives them: one, or several with the preferred one first. */
export type Subprotocols = string | readonly string[];

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
  #attempt: ConnectAttempt | undefined = undefined;
  #url: string | undefined = undefined;

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
    if (address === null) return;
    const protocols = hasOptionsSecond || second === undefined ? options.protocols : second;
    const attempt = new ConnectAttempt(
      this.#listener(options),
      parseAddress(address),
      toList(protocols),
      options,
    );
    this.#attempt = attempt;
    this.#url = attempt.address.url.href;
    attempt.start();
  }

  /** The URL, or that of the last redirect; undefined on a server's connections, which the type leaves out as that of `ws` does. */
  get url(): string {
    return this.#url as string;
  }

  /** The HTTP request, while it is under way. */
  protected get request(): ClientRequest | undefined {
    return this.#attempt?.request;
  }

  protected override abortHandshake(error: Error): void {
    this.#attempt?.abort();
    super.abortHandshake(error);
  }

  /** What happens to the attempt to connect. */
  #listener(options: ClientOptions<WebSocket>): ConnectListener {
    return {
      watchesRedirects: () => this.listenerCount('redirect') > 0,
      moved: (url) => {
        this.#url = url.href;
      },
      redirected: (request) => this.emit('redirect', this.#url ?? '', request),
      unexpectedResponse: (request, response) => this.emit('unexpected-response', request, response),
      finishRequest: (request: ClientRequest) => {
        options.finishRequest?.(request, this);
        return options.finishRequest !== undefined;
      },
      upgraded: (response) => {
        this.emit('upgrade', response);
        return this.readyState === this.CONNECTING;
      },
      opened: (socket, head, protocol, extension) => {
        this.#attempt = undefined;
        this.setSocket(socket, head, {
          role: 'client',
          protocol,
          extension,
          generateMask: options.generateMask,
        });
      },
      failed: (error) => {
        this.#attempt = undefined;
        this.failHandshake(error);
      },
      aborted: (error) => {
        this.#attempt = undefined;
        super.abortHandshake(error);
      },
    };
  }
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
