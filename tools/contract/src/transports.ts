// The transports of the contract: an HTTP server that is reached over TCP, TLS, a Unix socket or streams in memory.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { ClientOptions } from 'ws';
import { testCertificate } from '@framewire/testing';
import { duplexPair } from './duplex-pair.ts';

/** An HTTP server on a transport, and the ways to it. */
export interface Host {
  readonly http: http.Server;
  /** The URL of a path on it. */
  url(path?: string): string;
  /** What a client has to be given besides the URL. */
  readonly clientOptions: ClientOptions;
  /** A bare connection, on which the caller speaks the bytes himself. */
  connect(): Promise<Duplex>;
  /** Ends all connections and removes what the transport left behind. */
  close(): Promise<void>;
}

/** A way to carry bytes between a client and a server. */
export interface Transport {
  readonly name: string;
  open(): Promise<Host>;
}

/** The plainest, for what is the same over all of them. */
export const tcp: Transport = { name: 'TCP', open: openTcp };

/** No socket at all. */
export const memory: Transport = { name: 'streams in memory', open: openMemory };

/** All four. */
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
  const folder = await mkdtemp(join(tmpdir(), 'contract-'));
  const path = join(folder, 'socket');
  const server = http.createServer();
  const sockets = connectionsOf(server);
  server.listen(path);
  await once(server, 'listening');
  return {
    http: server,
    url: (target = '/') => `ws+unix:${path}:${target}`,
    clientOptions: {},
    connect: () => connected(net.connect(path), 'connect'),
    close: async () => {
      await closeServer(server, sockets);
      await rm(folder, { recursive: true });
    },
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
    // What the types call a net.Socket may be any Duplex.
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

/** Upgraded sockets have left the HTTP server, which would wait for their end: they are cut. */
async function closeServer(server: http.Server, sockets: ReadonlySet<net.Socket>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

/** The connections of a server that are not closed yet. */
function connectionsOf(server: http.Server): ReadonlySet<net.Socket> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}
