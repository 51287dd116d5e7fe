// Connects a server and a client over a transport for a test, and ends both after it.
import { type EventEmitter, once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { ClientOptions, ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { PLAIN, type Pairing, type UntypedOptions } from './pairings.ts';
import type { Host, Transport } from './transports.ts';

/** The two open sides of a connection. */
export interface Ends {
  readonly client: WebSocket;
  readonly server: WebSocket;
}

/** Both directions of a connection, for rules that hold in each of them. */
export function directions({ client, server }: Ends): [from: WebSocket, to: WebSocket][] {
  return [
    [client, server],
    [server, client],
  ];
}

export interface MeetingOptions {
  readonly server?: ServerOptions & UntypedOptions;
  readonly client?: ClientOptions & UntypedOptions;
  readonly protocols?: string | string[];
  readonly path?: string;
  /** Called with the connection of the server during its connection event, or with that of the client if the server is raw. */
  readonly greet?: (ws: WebSocket) => void;
}

/** An HTTP server, on which each test creates its own WebSocket server. */
export class Meeting {
  readonly pairing: Pairing;
  readonly #transport: Transport;
  #host: Host | undefined = undefined;
  #servers = new Set<WebSocketServer>();
  #opened = new Set<WebSocket | Duplex>();

  constructor(pairing: Pairing, transport: Transport) {
    this.pairing = pairing;
    this.#transport = transport;
  }

  /** The HTTP server and how to reach it. Set by {@link Meeting.open}. */
  get host(): Host {
    if (this.#host === undefined) throw new Error('The meeting is not open');
    return this.#host;
  }

  /** For beforeAll. */
  async open(): Promise<void> {
    this.#host = await this.#transport.open();
  }

  /** For afterEach: ends everything, so that tests do not affect each other. */
  endTest(): void {
    for (const server of this.#servers) {
      // The types of ws do not say that the set is missing without clientTracking.
      const clients = server.clients as Set<WebSocket> | undefined;
      for (const ws of clients ?? []) ws.terminate();
      server.close();
    }
    for (const opened of this.#opened) {
      // A client that is closed while connecting emits an error, which is ignored here.
      (opened as EventEmitter).on('error', () => {});
      if ('terminate' in opened) opened.terminate();
      else opened.destroy();
    }
    this.#servers.clear();
    this.#opened.clear();
  }

  /** For afterAll. */
  async close(): Promise<void> {
    await this.#host?.close();
  }

  /** Creates a WebSocket server on the HTTP server, and closes the previous one. */
  serve(options: ServerOptions & UntypedOptions = {}): WebSocketServer {
    for (const server of this.#servers) server.close();
    const server = new this.pairing.server.WebSocketServer({ server: this.host.http, ...PLAIN, ...options });
    this.#servers.add(server);
    return server;
  }

  /** Creates a client, which starts to connect. */
  dial({ path, protocols, client }: MeetingOptions = {}): WebSocket {
    const options = { ...PLAIN, ...this.host.clientOptions, ...client };
    const ws = new this.pairing.client.WebSocket(this.host.url(path), protocols ?? [], options);
    this.#opened.add(ws);
    return ws;
  }

  /** A raw connection to the HTTP server. */
  async connect(): Promise<Duplex> {
    const socket = await this.host.connect();
    this.#opened.add(socket);
    return socket;
  }

  /** Opens a new connection, and returns both sides. */
  async meet(options: MeetingOptions = {}): Promise<Ends> {
    const listener = this.serve(options.server);
    const accepted = new Promise<WebSocket>((resolve) => {
      listener.once('connection', (ws) => {
        options.greet?.(ws);
        resolve(ws);
      });
    });
    const client = this.dial(options);
    const [server] = await Promise.all([accepted, once(client, 'open')]);
    return { client, server };
  }
}
