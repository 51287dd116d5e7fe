// The properties with an underscore by which programs reach into a WebSocket of `ws`.
import type { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { requestOf, WebSocket as Client } from '@framewire/client';
import {
  abandonHandshake,
  defineAddition,
  maxPayloadOf,
  openPartOf,
  type OpenOptions,
} from '@framewire/connection';
import { senderOf, type Sender } from './sender.ts';

const senderKey = Symbol('sender');

/**
 * The inner parts that well-known programs rely on. A new program has no need of them. `ws` lets a program overwrite each, and its types
 * know none: so a subclass may declare them, and an interface that is merged with the class, which a type other than `any` would forbid.
 */
/* eslint-disable @typescript-eslint/no-explicit-any */
export interface WebSocketInternals {
  /** What compression has done on this connection so far, a snapshot of `CompressionStatistics`; undefined where there is none. */
  compression: any;
  /** The stream underneath, a `Duplex`, with TCP a `net.Socket`; null before the connection is open. Reading it hands over what was sent. */
  _socket: any;
  /** The sending side, a `Sender`, for frames that were made by `Sender.frame()`; null before the connection is open. */
  _sender: any;
  /** The receiving side, an object with `_maxPayload`, the limit of a message; null before the connection is open. */
  _receiver: any;
  /** The `http.ClientRequest` of a client on its way; null otherwise. */
  _req: any;
  /**
   * Whether this is a server's end: it is unless the WebSocket was made from a URL. A program that sets it to false before `setSocket()`
   * makes a client's end.
   */
  _isServer: any;
}
/* eslint-enable @typescript-eslint/no-explicit-any */

interface ClientWithInternals extends Client, WebSocketInternals {}
const ClientWithInternals = Client as unknown as Omit<typeof Client, 'prototype'> &
  (new (address: string | URL | null, second?: unknown, third?: unknown) => ClientWithInternals);

/** A WebSocket with the inner parts that well-known programs rely on. */
export class WebSocketWithInternals extends ClientWithInternals {
  /** @internal */
  declare [senderKey]: Sender | undefined;

  override setSocket(socket: Duplex, head: Buffer, options: OpenOptions = {}): void {
    const role = this._isServer ? 'server' : 'client';
    super.setSocket(socket, head, options.role === undefined ? { ...options, role } : options);
  }

  /** Ends this without a closing handshake, and without an error. In `ws` it is what emits `close`. */
  emitClose(): void {
    if (openPartOf(this) === undefined) abandonHandshake(this);
    else this.terminate();
  }
}

const parts: Record<
  Exclude<keyof WebSocketInternals, 'compression'>,
  (ws: WebSocketWithInternals) => unknown
> = {
  _socket: (ws) => openPartOf(ws)?.stream ?? null,
  _sender(ws) {
    const open = openPartOf(ws);
    if (open === undefined) return null;
    return (ws[senderKey] ??= senderOf(open, open.stream));
  },
  _receiver: (ws) => (openPartOf(ws) === undefined ? null : { _maxPayload: maxPayloadOf(ws) }),
  _req: (ws) => requestOf(ws) ?? null,
  _isServer(ws) {
    const open = openPartOf(ws);
    return open === undefined ? (ws.url as string | undefined) === undefined : !open.masks;
  },
};
for (const [name, get] of Object.entries(parts)) defineAddition(WebSocketWithInternals.prototype, name, get);
