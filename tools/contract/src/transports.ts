// The transports of the contract: an HTTP server over TCP, TLS, a Unix socket or in-memory streams.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { ClientOptions } from 'ws';
import { socketPath, testCertificate } from '@framewire/testing';
import { duplexPair } from './duplex-pair.ts';

/** An HTTP server on a transport, and how to reach it. */
export interface Host {
  readonly http: http.Server;
  /** The URL of a path on the server. */
  url(path?: string): string;
  /** The options that a client needs in addition to the URL. */
  readonly clientOptions: ClientOptions;
  /** A raw connection, on which the caller reads and writes bytes. */
  connect(): Promise<Duplex>;
  /** Closes the server and ends its connections. */
  close(): Promise<void>;
}

export interface Transport {
  readonly name: string;
  open(): Promise<Host>;
}

/** The transport of tests that do not depend on it. */
export const tcp: Transport = { name: 'TCP', open: openTcp };

export const memory: Transport = { name: 'streams in memory', open: openMemory };

export const transports: readonly Transport[] = [
  tcp,
  { name: 'TLS', open: openTls },
  { name: 'a Unix socket', open: openUnix },
  memory,
];

async function openTcp(): Promise<Host> {
  const server = http.createServer();
  const sockets = connectionsOf(server);
  const { port } = await listen(server);
  return {
    http: server,
    url: (path = '/') => `ws://127.0.0.1:${port}${path}`,
    clientOptions: {},
    connect: () => connected(net.connect(port, '127.0.0.1'), 'connect'),
    close: () => closeServer(server, sockets),
  };
}

async function openTls(): Promise<Host> {
  const { key, cert } = await testCertificate();
  const server = https.createServer({ key, cert });
  const sockets = connectionsOf(server);
  const { port } = await listen(server);
  return {
    http: server,
    url: (path = '/') => `wss://127.0.0.1:${port}${path}`,
    clientOptions: { ca: cert },
    connect: () => connected(tls.connect({ host: '127.0.0.1', port, ca: cert }), 'secureConnect'),
    close: () => closeServer(server, sockets),
  };
}

async function openUnix(): Promise<Host> {
  const path = socketPath();
  const server = http.createServer();
  const sockets = connectionsOf(server);
  server.listen(path);
  await once(server, 'listening');
  return {
    http: server,
    url: (target = '/') => `ws+unix:${path}:${target}`,
    clientOptions: {},
    connect: () => connected(net.connect(path), 'connect'),
    close: () => closeServer(server, sockets),
  };
}

function openMemory(): Promise<Host> {
  const server = http.createServer();
  const ends = new Set<Duplex>();
  const connect = (): Duplex => {
    const [near, far] = duplexPair();
    ends.add(near).add(far);
    server.emit('connection', far);
    return near;
  };
  return Promise.resolve({
    http: server,
    url: (path = '/') => `ws://127.0.0.1${path}`,
    // The types require a net.Socket, but any Duplex works.
    clientOptions: { createConnection: connect as unknown as typeof net.connect },
    connect: () => Promise.resolve(connect()),
    close: () => {
      for (const end of ends) end.destroy();
      return Promise.resolve();
    },
  });
}

async function listen(server: http.Server): Promise<AddressInfo> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

async function connected(socket: net.Socket, event: 'connect' | 'secureConnect'): Promise<Duplex> {
  await once(socket, event);
  return socket;
}

/** Closes a server and its connections. It would wait for upgraded sockets, so these are destroyed. */
async function closeServer(server: http.Server, sockets: ReadonlySet<net.Socket>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

/** The open connections of a server. */
function connectionsOf(server: http.Server): ReadonlySet<net.Socket> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}
