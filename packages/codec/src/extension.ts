// The interface of a negotiated extension. permessage-deflate (RFC 7692) is the only one in use.

/**
 * Reports the outcome of a transformation, before the method returns or later. An error ends the connection. If `decompress()` failed, a
 * close frame has the `closeCode` of the error, by default 1007. If `compress()` failed, an `Endpoint` closes with 1011, and a
 * `WebSocketConnection` sends no close frame.
 *
 * Only `compress()` passes `original`: its copy of bytes that it leaves uncompressed, if it calls back after it has returned.
 */
export type TransformDone = (
  error: (Error & { closeCode?: number }) | null,
  data?: Uint8Array,
  original?: Uint8Array,
) => void;

/** A fragment of an outgoing message. */
export interface OutgoingPart {
  /**
   * Text or bytes. The caller may change bytes when the call returns, so an extension that reads them later must copy them first.
   */
  readonly data: string | Uint8Array;
  /** Whether the message starts with this fragment. */
  readonly first: boolean;
  /** Whether the message ends with this fragment. */
  readonly fin: boolean;
}

/** A whole message that is sent on many connections, with its compressed forms. */
export interface SharedMessage {
  /** Text, or bytes that never change. */
  readonly data: string | Uint8Array;
  /**
   * The compressed forms, by an object for the compression parameters; null if the message is sent uncompressed. Only extensions use
   * this map. Initially empty.
   */
  readonly forms: WeakMap<object, Uint8Array | null>;
}

/** A per-message extension. RSV1 on the first frame marks a message that the extension has transformed (RFC 7692 §6). */
export interface Extension {
  /** The name in the negotiation, which is also the value of `WebSocket.extensions`. */
  readonly name: string;
  /** Whether `compress()` may return one object for the same text on several connections, which is then framed once. Default false. */
  readonly sharesTexts?: boolean;
  /**
   * Transforms a fragment of a message. For the first fragment, `done` may be called without data: then the whole message is sent
   * as it is. `compress()` is not called again before `done` has been called.
   */
  compress(part: OutgoingPart, done: TransformDone): void;
  /**
   * Transforms a whole message that is sent on many connections. All connections with the same parameters get the same object. Returns
   * `null` to send the message as it is, and `undefined` if it cannot transform it synchronously. If it returns `undefined` or does not
   * exist, {@link Extension.compress} is called instead.
   *
   * The result is sent next, so that the state of both peers stays the same. Like `compress()`, this is called only after the last `done`
   * has been called. It is called only between whole messages.
   */
  compressShared?(message: SharedMessage): Uint8Array | null | undefined;
  /** Restores a whole message. Not called again before `done` has been called. */
  decompress(data: Uint8Array, done: TransformDone): void;
  /** Frees the resources of a connection that has closed. Transformations in progress may be abandoned. */
  close(): void;
}
