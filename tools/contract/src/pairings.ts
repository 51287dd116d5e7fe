// The pairings of the contract: whose server meets whose client. Both are held to the types that are published for ws.
import * as framewireModule from 'framewire';
import * as ws from 'ws';

/** One implementation: its two classes, by the types that programs written for ws know them by. */
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

/** ws itself. */
export const reference: Peer = {
  name: 'ws',
  WebSocket: ws.WebSocket,
  WebSocketServer: ws.WebSocketServer,
  createWebSocketStream: ws.createWebSocketStream,
};

// That the classes can stand in for those of ws is what the whole suite proves; the types are compared elsewhere.
/** Ours. */
export const ours = {
  name: 'framewire',
  WebSocket: framewireModule.WebSocket,
  WebSocketServer: framewireModule.WebSocketServer,
  createWebSocketStream: framewireModule.createWebSocketStream,
} as unknown as Peer;

function pair(server: Peer, client: Peer): Pairing {
  return { name: `${server.name} server × ${client.name} client`, server, client };
}

/** The suite is right if ws passes it against itself: what the other pairings are measured by. */
export const control: Pairing = pair(reference, reference);

/** Every server with every client. */
export const pairings: readonly Pairing[] = [
  pair(ours, ours),
  pair(reference, ours),
  pair(ours, reference),
  control,
];

/** Each implementation alone, for what takes no peer or a peer of raw bytes. */
export const peers: readonly Peer[] = [ours, reference];

/** The implementation of a name, for a process that was told no more than that. */
export function peerNamed(name: string | undefined): Peer {
  const peer = peers.find((each) => each.name === name);
  if (peer === undefined) throw new Error(`There is no implementation "${name}"`);
  return peer;
}

/** What both are given so that they are alike: no compression. */
export const PLAIN = { perMessageDeflate: false } as const;

/** Options that the published types of ws do not know. */
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
}
