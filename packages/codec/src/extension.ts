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
  /** Restores a whole message. The next call comes only after `done` has been called. */
  decompress(data: Uint8Array, done: TransformDone): void;
  /** The connection is over: frees what belongs to it. Transformations under way need not be finished. */
  close(): void;
}
