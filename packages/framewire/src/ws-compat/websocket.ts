// The properties with an underscore by which programs reach into a WebSocket of `ws`.
import type { ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket as Client } from '@framewire/client';
import { senderOf, type Sender } from './sender.ts';

/** Made when they are first asked for, and the same from then on. */
const senders = new WeakMap<WebSocketWithInternals, Sender>();

/** A WebSocket with the inner parts that well-known programs rely on. Whoever writes a new one has no need of them. */
export class WebSocketWithInternals extends Client {
  /** The stream underneath, with TCP a `net.Socket`; null before the connection is open. All that was sent before has been handed to it. */
  get _socket(): Duplex | null {
    return this.socket ?? null;
  }

  /** The sending side, for frames that were made by `Sender.frame()`; null before the connection is open. */
  get _sender(): Sender | null {
    const known = senders.get(this);
    if (known !== undefined || this.outbound === undefined || this.socket === undefined) return known ?? null;
    const sender = senderOf(this.outbound, this.socket);
    senders.set(this, sender);
    return sender;
  }

  /** The receiving side, of which the limit of a message can be read; null before the connection is open. */
  get _receiver(): { readonly _maxPayload: number } | null {
    return this.outbound === undefined ? null : { _maxPayload: this.maxPayload };
  }

  /** The request of a client on its way; null else. */
  get _req(): ClientRequest | null {
    return this.request ?? null;
  }
}
