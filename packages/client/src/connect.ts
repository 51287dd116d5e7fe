// The HTTP request that opens a connection: TCP, TLS or IPC, redirects, the timeout and the outcome.
import { Buffer } from 'node:buffer';
import http, { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import {
  clearDeadline,
  DEFAULTS,
  given,
  limitOf,
  setDeadline,
  type Deadline,
  type Extension,
} from '@framewire/connection';
import {
  checkUpgradeResponse,
  handshakeError,
  upgradeRequestHeaders,
  type ProtocolVersion,
} from '@framewire/handshake';
import { parseAddress, toWebSocketScheme, type Address } from './address.ts';
import { acceptCompression, offerCompression } from './compression.ts';
import type { ClientOptions } from './options.ts';
import { isRedirect, isTrusted, lowerCaseNames, redirectedHeaders, requireReachable } from './redirect.ts';
import { abortError, onAbort } from './signal.ts';

const MAX_REDIRECTS = 10;

/** Receives the events of a {@link ConnectAttempt}. */
export interface ConnectListener {
  /** Whether a listener of the application decides which headers a redirected request has. */
  watchesRedirects(): boolean;
  /** A redirect names this URL. The client may not be able to follow it. */
  moved(url: URL): void;
  /** The client follows a redirect with this request. */
  redirected(request: ClientRequest): void;
  /** The response is not an upgrade. Returns false unless a listener handles it. */
  unexpectedResponse(request: ClientRequest, response: IncomingMessage): boolean;
  /** A request is ready to be ended. Returns false unless the application ends it. */
  finishRequest(request: ClientRequest): boolean;
  /** The response is an upgrade that has not been checked yet. Returns false if the attempt has ended. */
  upgraded(response: IncomingMessage): boolean;
  /** The upgrade is valid. */
  opened(socket: Duplex, head: Buffer, protocol: string, extension: Extension | undefined): void;
  /** The attempt has failed. No events follow. */
  failed(error: Error): void;
  /** The attempt was aborted, and its socket is being closed. */
  aborted(error: Error): void;
}

/** Replaces the listener of an attempt that has ended. */
const NO_LISTENER: ConnectListener = {
  watchesRedirects: () => false,
  moved: ignore,
  redirected: ignore,
  unexpectedResponse: () => false,
  finishRequest: () => false,
  upgraded: () => false,
  opened: ignore,
  failed: ignore,
  aborted: ignore,
};

/** One attempt to connect, including redirects, until it ends or is aborted. */
export class ConnectAttempt {
  #listener: ConnectListener;
  readonly #options: ClientOptions<never>;
  readonly #subprotocols: readonly string[];
  /** The address that the application named. */
  readonly #first: Address;
  #address: Address;
  #redirects = 0;
  #request: ClientRequest | undefined = undefined;
  #deadline: Deadline | undefined = undefined;
  /** Stops listening to the signal. */
  #release: (() => void) | undefined = undefined;
  #over = false;

  constructor(
    listener: ConnectListener,
    address: Address,
    subprotocols: readonly string[],
    options: ClientOptions<never>,
  ) {
    this.#listener = listener;
    this.#first = address;
    this.#address = address;
    this.#subprotocols = subprotocols;
    this.#options = options;
  }

  /** The current address. */
  get address(): Address {
    return this.#address;
  }

  /** The current request; undefined after the attempt has ended. */
  get request(): ClientRequest | undefined {
    return this.#request;
  }

  /**
   * Starts the request.
   *
   * @throws what `upgradeRequestHeaders()` and `http.request()` throw for invalid options
   */
  start(): void {
    const { signal } = this.#options;
    const abort = (): void => {
      if (signal) this.#abortWith(abortError(signal));
    };
    if (signal?.aborted) {
      abort();
      return;
    }
    const first = this.#prepare();
    this.#release = onAbort(signal, abort);
    this.#run(first);
  }

  #prepare(): { readonly request: ClientRequest; readonly key: string } {
    const { headers, key } = upgradeRequestHeaders({
      version: this.#options.protocolVersion as ProtocolVersion | undefined,
      subprotocols: this.#subprotocols,
      extensions: offerCompression(this.#options.perMessageDeflate),
      origin: this.#options.origin || undefined,
      headers: this.#currentHeaders(),
    });
    return { request: this.#createRequest(headers), key };
  }

  #run({ request, key }: { readonly request: ClientRequest; readonly key: string }): void {
    this.#request = request;
    if (this.#redirects > 0) this.#listener.redirected(request);
    const { handshakeTimeout } = this.#options;
    // A listener of `redirect` may have aborted the attempt. The listeners below are still needed, because it may also have destroyed the
    // request with an error.
    if (handshakeTimeout && !this.#over) this.#deadline = setDeadline(handshakeTimeout, timeOut, this);

    request.on('error', (error) => {
      if (request === this.#request) this.#fail(error);
    });
    request.on('response', (response) => {
      if (request === this.#request) this.#onResponse(request, response);
    });
    request.on('upgrade', (response, socket, head) => {
      if (request === this.#request) this.#onUpgrade(response, socket, head, key);
    });
    if (!this.#listener.finishRequest(request)) request.end();
  }

  /** Aborts the attempt. Its listener gets no more events. */
  abort(): void {
    const request = this.#request;
    this.#settle();
    // The `error` listener of the request stays, and ignores later errors.
    request?.destroy();
    request?.socket?.destroy();
  }

  /** Ends the attempt and returns its listener. Releases the listener, because the application may keep the request, and so the attempt. */
  #settle(): ConnectListener {
    const listener = this.#listener;
    this.#listener = NO_LISTENER;
    this.#over = true;
    this.#request = undefined;
    clearDeadline(this.#deadline);
    this.#release?.();
    return listener;
  }

  #fail(error: Error): void {
    if (!this.#over) this.#settle().failed(error);
  }

  /** Aborts the attempt at its deadline. */
  timeOut(): void {
    this.#abortWith(new Error('Opening handshake has timed out'));
  }

  #abortWith(error: Error): void {
    if (this.#over) return;
    const listener = this.#listener;
    this.abort();
    listener.aborted(error);
  }

  /** Whether the current address may receive the application's confidential headers. */
  #mayReceiveSecrets(): boolean {
    return this.#listener.watchesRedirects() || isTrusted(this.#first, this.#address);
  }

  #currentAuth(): string | undefined {
    const auth = this.#address.auth ?? this.#options.auth ?? undefined;
    return this.#redirects === 0 || this.#mayReceiveSecrets() ? auth : undefined;
  }

  #currentHeaders(): OutgoingHttpHeaders {
    const { auth } = this.#options;
    const headers = given(this.#options.headers) ?? {};
    if (this.#redirects === 0) return headers;
    // The credentials of the first URL are for the first address, even after redirects.
    const credentials = this.#first.auth ?? auth ?? undefined;
    const authorization = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
    const all = { ...(authorization && { authorization }), ...lowerCaseNames(headers) };
    return this.#listener.watchesRedirects() ? all : redirectedHeaders(all, this.#first, this.#address);
  }

  #createRequest(headers: Record<string, string | number | string[]>): ClientRequest {
    const { secure, socketPath, host, port, defaultPort, target } = this.#address;
    const options = {
      ...withoutUndefined(this.#options),
      createConnection: given(this.#options.createConnection) ?? (secure ? connectTls : connectNet),
      auth: this.#currentAuth(),
      defaultPort: this.#options.defaultPort || defaultPort,
      headers,
      // A limit of connections. Node would use it for the socket.
      highWaterMark: undefined,
      host,
      hostname: undefined,
      method: 'GET',
      path: target,
      port,
      protocol: undefined,
      signal: undefined,
      socketPath,
      timeout: undefined,
    };
    return secure
      ? https.request(options as https.RequestOptions)
      : http.request(options as http.RequestOptions);
  }

  #onResponse(request: ClientRequest, response: IncomingMessage): void {
    const { statusCode } = response;
    const { location } = response.headers;
    if (this.#options.followRedirects && isRedirect(statusCode, location)) this.#follow(location);
    else if (this.#listener.unexpectedResponse(request, response)) this.#watch(request, response);
    else this.#abortWith(handshakeError('UNEXPECTED_RESPONSE', statusCode));
  }

  /**
   * Watches a response that a listener of the application handles. The attempt still ends at its deadline, when the listener destroys
   * the request, or when the server aborts the response. After a complete response, the listener must end the attempt.
   */
  #watch(request: ClientRequest, response: IncomingMessage): void {
    let isRead = false;
    // Runs before Node's own listener, which marks the request as destroyed when its response ends.
    response.prependOnceListener('end', () => {
      isRead = !request.destroyed;
    });
    request.once('close', () => {
      if (!isRead) this.#fail(handshakeError('UNEXPECTED_RESPONSE', response.statusCode));
    });
  }

  #follow(location: string): void {
    if (++this.#redirects > limitOf(this.#options.maxRedirects, MAX_REDIRECTS)) {
      this.#abortWith(new Error('Maximum redirects exceeded'));
      return;
    }
    const request = this.#request;
    this.#request = undefined;
    clearDeadline(this.#deadline);
    request?.destroy();
    let next;
    try {
      const url = resolve(location, this.#address);
      this.#listener.moved(toWebSocketScheme(url));
      const address = parseAddress(url);
      requireReachable(this.#address, address);
      this.#address = address;
      next = this.#prepare();
    } catch (error) {
      // A server may name an address for which no request can be created.
      this.#fail(error as Error);
      return;
    }
    this.#run(next);
  }

  #onUpgrade(response: IncomingMessage, socket: Duplex, head: Buffer, key: string): void {
    // The connection handles errors of the socket only after `opened()`.
    socket.on('error', ignore);
    if (!this.#listener.upgraded(response) || this.#over) return;
    const { perMessageDeflate } = this.#options;
    const maxPayload = limitOf(this.#options.maxPayload, DEFAULTS.maxPayload);
    const check = checkUpgradeResponse(response, {
      key,
      subprotocols: this.#subprotocols,
      extensions: offerCompression(perMessageDeflate).map(({ name }) => name),
      strict: false,
    });
    const extension = check.ok
      ? acceptCompression(check.extensions, perMessageDeflate, maxPayload)
      : undefined;
    if (!check.ok || extension === 'refused') {
      socket.destroy();
      this.#abortWith(check.ok ? handshakeError('INVALID_EXTENSIONS') : check.error);
      return;
    }
    const listener = this.#settle();
    socket.removeListener('error', ignore);
    listener.opened(socket, head, check.protocol, extension);
  }
}

function timeOut(attempt: ConnectAttempt): void {
  attempt.timeOut();
}

function resolve(location: string, from: Address): URL {
  try {
    return new URL(location, from.url);
  } catch {
    throw new SyntaxError(`Invalid URL: ${location}`);
  }
}

function connectNet(options: http.RequestOptions): net.Socket {
  const { socketPath, ...others } = options as net.TcpNetConnectOpts & { socketPath?: string };
  return net.connect(
    socketPath === undefined ? { ...others, path: undefined } : { ...others, path: socketPath },
  );
}

function connectTls(options: https.RequestOptions): tls.TLSSocket {
  const host = options.host ?? '';
  const servername = options.servername ?? (net.isIP(host) ? '' : host);
  return tls.connect({ ...options, path: undefined, servername } as tls.ConnectionOptions);
}

function ignore(): void {
  // The attempt has ended, or its error is reported elsewhere.
}

/** Omits undefined options, because they would replace Node's defaults. */
function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
