// Two streams as one: what comes from either goes to the other, unread. What a proxy does after the opening handshake.

// Those of the engine: a test that fakes the timers of its program does not fake those of a tunnel.
const { setTimeout, clearTimeout } = globalThis;

/** What {@link tunnel} needs of a stream: a `net.Socket`, a `tls.TLSSocket` and any other `Duplex` of Node have it. */
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
  /** How long one direction may stay open after the other has ended, in milliseconds. Default 10000; 0 = no limit. */
  readonly halfCloseTimeout?: number | undefined;
}

/** Longer than a closing handshake takes, shorter than a proxy wants to keep two sockets for it. */
const HALF_CLOSE_TIMEOUT = 10_000;

/**
 * Joins two streams, those of a client and of a backend whose opening handshake has been passed on. Back-pressure passes
 * through. So does the end of either direction, if the streams are open for the other one then (`allowHalfOpen`). When one of
 * them breaks, or has broken before, the other is destroyed. Errors of both show in `close` alone.
 *
 * What was read of a stream after its head is put back before: `client.unshift(head)`.
 *
 * @example
 * client.write(formatHead(lines));
 * tunnel(client, backend);
 */
export function tunnel(client: TunnelEnd, backend: TunnelEnd, options: TunnelOptions = {}): void {
  const { halfCloseTimeout = HALF_CLOSE_TIMEOUT } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const destroyBoth = (): void => {
    client.destroy();
    backend.destroy();
  };
  const onEnd = (): void => {
    if (halfCloseTimeout > 0) timer ??= setTimeout(destroyBoth, halfCloseTimeout);
  };
  const join = (from: TunnelEnd, to: TunnelEnd): void => {
    from.setNoDelay?.(true);
    // A peer that vanished without a word is noticed by the system's own probes.
    from.setKeepAlive?.(true);
    from.on('error', ignore);
    from.once('close', () => {
      // Ended in both directions is an orderly end, and the other stream may still have bytes to deliver.
      if (!from.readableEnded || !from.writableFinished) to.destroy();
      if (to.closed) clearTimeout(timer);
    });
    if (from.readableEnded) onEnd();
    else from.once('end', onEnd);
    from.pipe(to as never);
  };
  // The `close` of a stream that is destroyed may be over.
  const isBroken = client.destroyed || backend.destroyed;
  join(client, backend);
  join(backend, client);
  if (isBroken) destroyBoth();
}

function ignore(): void {
  // `close` follows.
}
