// The HTTP request that a connection begins with: TCP, TLS or IPC, redirects, the time limit, what came of it.
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

const MAX_REDIRECTS = 10;

/** Who wants to be connected. */
export interface ConnectListener {
  /** Whether a listener decides what a redirected request may hold. */
  watchesRedirects(): boolean;
  /** A redirect names this URL, whether or not it can be followed. */
  moved(url: URL): void;
  /** A redirect is followed by this request. */
  redirected(request: ClientRequest): void;
  /** The server answered something else than an upgrade; false when nobody took it over. */
  unexpectedResponse(request: ClientRequest, response: IncomingMessage): boolean;
  /** A request is ready to be ended; false when nobody took it over. */
  finishRequest(request: ClientRequest): boolean;
  /** The server answered with an upgrade that is yet to be checked; false when it is not wanted any more. */
  upgraded(response: IncomingMessage): boolean;
  /** The upgrade is in order. */
  opened(socket: Duplex, head: Buffer, protocol: string, extension: Extension | undefined): void;
  /** The attempt came to nothing: there will be no more of it. */
  failed(error: Error): void;
  /** The attempt was given up, and what it had opened is being closed. */
  aborted(error: Error): void;
}

/** Listens in place of the one who has heard the last of an attempt. */
const NOBODY: ConnectListener = {
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

/** One attempt to connect, over redirects, until it is told to its listener or given up. */
export class ConnectAttempt {
  #listener: ConnectListener;
  readonly #options: ClientOptions<never>;
  readonly #subprotocols: readonly string[];
  /** The place that the user named. */
  readonly #first: Address;
  #address: Address;
  #redirects = 0;
  #request: ClientRequest | undefined = undefined;
  #deadline: Deadline | undefined = undefined;
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

  /** Where the attempt is. */
  get address(): Address {
    return this.#address;
  }

  /** The request under way; undefined when it has come to its end. */
  get request(): ClientRequest | undefined {
    return this.#request;
  }

  /**
   * Makes the request.
   *
   * @throws what `upgradeRequestHeaders()` and `http.request()` throw for options that they cannot take
   */
  start(): void {
    this.#run(this.#prepare());
  }

  #prepare(): { readonly request: ClientRequest; readonly key: string } {
    const { headers, key } = upgradeRequestHeaders({
      version: this.#options.protocolVersion as ProtocolVersion | undefined,
      subprotocols: this.#subprotocols,
      extensions: offerCompression(this.#options.perMessageDeflate),
      origin: this.#options.origin || undefined,
      headers: this.#headersHere(),
    });
    return { request: this.#createRequest(headers), key };
  }

  #run({ request, key }: { readonly request: ClientRequest; readonly key: string }): void {
    this.#request = request;
    if (this.#redirects > 0) this.#listener.redirected(request);
    const { handshakeTimeout } = this.#options;
    // A listener of the redirect may have given the attempt up: the listeners below are still needed, as it may have
    // destroyed the request with an error of its own.
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

  /** Gives the attempt up. Its listener hears no more of it. */
  abort(): void {
    const request = this.#request;
    this.#settle();
    // What is emitted from here on is of no interest: the listener for errors stays, and does nothing.
    request?.destroy();
    request?.socket?.destroy();
  }

  /** The attempt is over. Its listener is let go of: the program may keep the request, and with it the attempt, for long. */
  #settle(): ConnectListener {
    const listener = this.#listener;
    this.#listener = NOBODY;
    this.#over = true;
    this.#request = undefined;
    clearDeadline(this.#deadline);
    return listener;
  }

  #fail(error: Error): void {
    if (!this.#over) this.#settle().failed(error);
  }

  /** Gives up, as the time is over. */
  timeOut(): void {
    this.#abortWith(new Error('Opening handshake has timed out'));
  }

  #abortWith(error: Error): void {
    if (this.#over) return;
    const listener = this.#listener;
    this.abort();
    listener.aborted(error);
  }

  /** Whether the attempt is where the user's secrets may go. */
  #keepsSecrets(): boolean {
    return this.#listener.watchesRedirects() || isTrusted(this.#first, this.#address);
  }

  #authHere(): string | undefined {
    const auth = this.#address.auth ?? this.#options.auth ?? undefined;
    return this.#redirects === 0 || this.#keepsSecrets() ? auth : undefined;
  }

  #headersHere(): OutgoingHttpHeaders {
    const { auth } = this.#options;
    const headers = given(this.#options.headers) ?? {};
    if (this.#redirects === 0) return headers;
    // The credentials of the first URL are for the first place, wherever a redirect leads.
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
      auth: this.#authHere(),
      defaultPort: this.#options.defaultPort || defaultPort,
      headers,
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
   * A listener of the program has taken the response over. The handshake still ends in time, and when the listener destroys the
   * request or the server breaks the response off. To end it after a response that was read to its end is up to the listener.
   */
  #watch(request: ClientRequest, response: IncomingMessage): void {
    let isRead = false;
    // Before the listener of Node's that calls the request destroyed when its response ends.
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
      // A server may name a place for which no request can be made.
      this.#fail(error as Error);
      return;
    }
    this.#run(next);
  }

  #onUpgrade(response: IncomingMessage, socket: Duplex, head: Buffer, key: string): void {
    // Until the connection has it, nobody else would hear of an error of the socket.
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
  // Said elsewhere already.
}

/** The options that are set: one that is undefined is not to hide a default. */
function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
