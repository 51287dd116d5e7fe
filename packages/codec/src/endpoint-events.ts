// What an endpoint finds in the bytes of the peer.

/** An event of an `Endpoint`. */
export type EndpointEvent =
  /** A whole message: text as a string, binary data as bytes. */
  | { readonly type: 'message'; readonly data: string | Uint8Array }
  /** A ping (§5.5.2), at most 125 bytes. With `autoPong`, the endpoint answers it. */
  | { readonly type: 'ping'; readonly data: Uint8Array }
  /** A pong (§5.5.3), at most 125 bytes. */
  | { readonly type: 'pong'; readonly data: Uint8Array }
  /** The peer broke a rule or a limit: a `ProtocolError`, or the error of the extension. `close` is the next event. */
  | { readonly type: 'error'; readonly error: Error }
  /**
   * The last event. The code is 1006 if no close frame was received (§7.1.5). `wasClean` is true if each end has sent a close frame.
   * End the transport after writing the output.
   */
  | { readonly type: 'close'; readonly code: number; readonly reason: string; readonly wasClean: boolean };
