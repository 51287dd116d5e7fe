// The pairings of the contract: the implementations of the server and the client. Both use the published types of ws.
import * as framewireModule from 'framewire';
import * as ws from 'ws';

/** An implementation: its two classes, with the types of ws. */
export interface Peer {
  readonly name: 'framewire' | 'ws';
  readonly WebSocket: typeof ws.WebSocket;
  readonly WebSocketServer: typeof ws.WebSocketServer;
  readonly createWebSocketStream: typeof ws.createWebSocketStream;
}

/** A server and a client, each of one implementation. */
export interface Pairing {
  readonly name: string;
  readonly server: Peer;
  readonly client: Peer;
}

export const reference: Peer = {
  name: 'ws',
  WebSocket: ws.WebSocket,
  WebSocketServer: ws.WebSocketServer,
  createWebSocketStream: ws.createWebSocketStream,
};

// The types differ from those of ws. This suite tests that the classes can replace those of ws, and other tests compare the types.
export const ours = {
  name: 'framewire',
  WebSocket: framewireModule.WebSocket,
  WebSocketServer: framewireModule.WebSocketServer,
  createWebSocketStream: framewireModule.createWebSocketStream,
} as unknown as Peer;

function pair(server: Peer, client: Peer): Pairing {
  return { name: `${server.name} server × ${client.name} client`, server, client };
}

/** The control: a test that ws with itself fails is wrong. */
export const control: Pairing = pair(reference, reference);

/** Every server with every client. */
export const pairings: readonly Pairing[] = [
  pair(ours, ours),
  pair(reference, ours),
  pair(ours, reference),
  control,
];

/** Each implementation alone, for tests without a peer or with a raw peer. */
export const peers: readonly Peer[] = [ours, reference];

/** The implementation with a name, for a process that receives only the name. */
export function peerNamed(name: string | undefined): Peer {
  const peer = peers.find((each) => each.name === name);
  if (peer === undefined) throw new Error(`There is no implementation "${name}"`);
  return peer;
}

/** Without compression, because the implementations compress differently. */
export const PLAIN = { perMessageDeflate: false } as const;

/** Options that the types of ws lack. `ws` has some of them, framewire all. */
export interface UntypedOptions {
  readonly auth?: string;
  readonly closeTimeout?: number;
  readonly handshakeTimeout?: number;
  readonly heartbeat?: { readonly interval: number };
  readonly idleTimeout?: number;
  readonly maxLifetime?: number;
  readonly maxFragments?: number;
  readonly maxPendingAutoPongs?: number;
  readonly maxBufferedChunks?: number;
  readonly signal?: AbortSignal;
}
