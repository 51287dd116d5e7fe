// What a connection asks of a negotiated extension. permessage-deflate (RFC 7692) is the only one in use.

/**
 * Gives the outcome of a transformation, before the call returns or later. An error ends the connection: if a message could not be
 * read, with a close frame of the error's `closeCode`, or 1007 without one; if a message could not be made, without a close frame.
 *
 * `original` is for `compress()` alone: where it leaves a message of bytes as it is, and calls after it has returned, it gives its copy
 * of them.
 */
export type TransformDone = (
  error: (Error & { closeCode?: number }) | null,
  data?: Uint8Array,
  original?: Uint8Array,
) => void;

/** A fragment of an outgoing message. */
export interface OutgoingPart {
  /**
   * Text or bytes. A text cannot change: what an extension makes of it may be the same object on many connections. Bytes belong to
   * the caller, who may change them when the call returns: an extension that reads them later copies them first.
   */
  readonly data: string | Uint8Array;
  /** Whether the message begins with it. */
  readonly first: boolean;
  /** Whether the message ends with it. */
  readonly fin: boolean;
}

/** A whole message that is sent on many connections, and what extensions have made of it so far. */
export interface SharedMessage {
  /** Text, or bytes that never change. */
  readonly data: string | Uint8Array;
  /**
   * What was made of it, by what that depends on; null for a message that is sent as it is. Only extensions read and write it. Begins
   * empty.
   */
  readonly forms: WeakMap<object, Uint8Array | null>;
}

/** A per-message extension that marks its messages with RSV1 on their first frame (RFC 7692 §6). */
export interface Extension {
  /** The name by which it was negotiated, which is also the value of `extensions`. */
  readonly name: string;
  /** Whether what it makes of a text may be the same object on other connections, so that it is framed once. Default false. */
  readonly sharesTexts?: boolean;
  /**
   * Transforms a fragment of a message. `undefined` instead of data, for the first fragment only, leaves the whole message as it is.
   * The next call comes only after `done` has been called.
   */
  compress(part: OutgoingPart, done: TransformDone): void;
  /**
   * Transforms a whole message that is sent on many connections: once for all of those that agreed on the same, which get the same
   * object. `null` leaves the message as it is. `undefined`, where it cannot be done synchronously, leaves it to
   * {@link Extension.compress}, and so does an extension without this method.
   *
   * The extension counts on its peer receiving what it returns, next in order: like `compress()`, it is called only after the last `done`,
   * and only between whole messages.
   */
  compressShared?(message: SharedMessage): Uint8Array | null | undefined;
  /** Restores a whole message. The next call comes only after `done` has been called. */
  decompress(data: Uint8Array, done: TransformDone): void;
  /** The connection is over: frees what belongs to it. Transformations under way need not be finished. */
  close(): void;
}
