// Joins two streams: each receives what the other one sends. A proxy does that after the opening handshake.
import { kernel } from '#kernels';
import type { Timer } from './kernels/kernel.ts';

/** What {@link tunnel} needs from a stream. A `net.Socket`, a `tls.TLSSocket` and every `Duplex` of Node has it. */
export interface TunnelEnd {
  readonly closed: boolean;
  readonly destroyed: boolean;
  readonly readableEnded: boolean;
  readonly writableFinished: boolean;
  on(event: 'error', listener: () => void): unknown;
  once(event: 'close' | 'end', listener: () => void): unknown;
  pipe(destination: never): unknown;
  destroy(): unknown;
  setNoDelay?(noDelay: boolean): unknown;
  setKeepAlive?(enable: boolean): unknown;
}

/** The options of {@link tunnel}. */
export interface TunnelOptions {
  /** How long one direction may stay open after the other has ended, in milliseconds. Default 10000; 0 for no limit. */
  readonly halfCloseTimeout?: number | undefined;
}

/** The longest delay of a timer, in milliseconds. A longer one would expire immediately. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Longer than a closing handshake takes, and not too long to keep two sockets open. */
const HALF_CLOSE_TIMEOUT = 10_000;

/**
 * Joins the streams of a client and a backend after the opening handshake has been forwarded. Back-pressure passes through. So does the
 * end of each direction, if the streams allow it (`allowHalfOpen`). If one stream breaks, or is already broken, the other is destroyed.
 * Errors of both are only visible as `close`.
 *
 * Before the call, put back bytes that were read after a head: `client.unshift(head)`.
 *
 * @example
 * client.write(formatHead(lines));
 * tunnel(client, backend);
 */
export function tunnel(client: TunnelEnd, backend: TunnelEnd, options: TunnelOptions = {}): void {
  const { halfCloseTimeout = HALF_CLOSE_TIMEOUT } = options;
  let timer: Timer | undefined;
  const destroyBoth = (): void => {
    client.destroy();
    backend.destroy();
  };
  const onEnd = (): void => {
    if (halfCloseTimeout > 0) {
      timer ??= kernel.setTimeout(destroyBoth, Math.min(halfCloseTimeout, LONGEST_TIMER));
    }
  };
  const join = (from: TunnelEnd, to: TunnelEnd): void => {
    from.setNoDelay?.(true);
    // The probes of the operating system detect a peer that has vanished.
    from.setKeepAlive?.(true);
    from.on('error', ignore);
    from.once('close', () => {
      // A stream that ended in both directions closed normally, and the other one may still have bytes to deliver.
      if (!from.readableEnded || !from.writableFinished) to.destroy();
      if (to.closed) kernel.clearTimeout(timer);
    });
    if (from.readableEnded) onEnd();
    else from.once('end', onEnd);
    from.pipe(to as never);
  };
  // The `close` event of a destroyed stream may already have been emitted.
  const isBroken = client.destroyed || backend.destroyed;
  join(client, backend);
  join(backend, client);
  if (isBroken) destroyBoth();
}

function ignore(): void {
  // `close` follows.
}
