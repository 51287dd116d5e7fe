// The underscore properties of a WebSocket of `ws` that programs use.
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
import type { WebSocketInternals, WebSocketShape } from './websocket-shape.ts';

const senderKey = Symbol('sender');

/** The client, with the internals that well-known programs use. */
class ClientWithInternals extends Client {
  /** @internal */
  declare [senderKey]: Sender | undefined;

  override setSocket(socket: Duplex, head: Buffer, options: OpenOptions = {}): void {
    const role = (this as WebSocketInternals)._isServer ? 'server' : 'client';
    super.setSocket(socket, head, options.role === undefined ? { ...options, role } : options);
  }

  emitClose(): void {
    if (openPartOf(this) === undefined) abandonHandshake(this);
    else this.terminate();
  }
}

/** The class to extend, with the public type. */
export const WebSocketWithInternals = ClientWithInternals as unknown as Omit<typeof Client, 'prototype'> &
  (new (address: string | URL | null, second?: unknown, third?: unknown) => WebSocketShape);

const parts: Partial<Record<keyof WebSocketInternals, (ws: ClientWithInternals) => unknown>> = {
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
for (const [name, get] of Object.entries(parts)) defineAddition(ClientWithInternals.prototype, name, get);
