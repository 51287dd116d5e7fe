// What a connection asks of a negotiated extension: permessage-deflate (RFC 7692) is the one there is.

/**
 * Gives the outcome of a transformation, before the call returns or later. An error ends the connection: with a close frame of
 * its `closeCode`, else 1007, where a message could not be read; without one where a message could not be made.
 */
export type TransformDone = (error: (Error & { closeCode?: number }) | null, data?: Uint8Array) => void;

/** A piece of an outgoing message. */
export interface OutgoingPart {
  /**
   * Text or bytes. A text cannot change: what an extension makes of it may be the same object on many connections. Bytes are
   * the caller's, who may change them when the call returns: an extension that reads them later copies them first.
   */
  readonly data: string | Uint8Array;
  /** Whether the message begins with it. */
  readonly first: boolean;
  /** Whether the message ends with it. */
  readonly fin: boolean;
}

/** A per-message extension that marks its messages with RSV1 on their first frame (RFC 7692 §6). */
export interface Extension {
  /** The name by which it was negotiated, as the `extensions` property tells it. */
  readonly name: string;
  /** Whether what it makes of a text may be the same object on other connections, so that it is framed once. Default false. */
  readonly sharesTexts?: boolean;
  /**
   * Transforms a piece of a message. Undefined instead of data, on the first piece only, leaves the whole message as it is.
   * A call comes only when the one before is done.
   */
  compress(part: OutgoingPart, done: TransformDone): void;
  /** Makes the original of a whole message. A call comes only when the one before is done. */
  decompress(data: Uint8Array, done: TransformDone): void;
  /** The connection is over: frees what belongs to it. Transformations under way need not be finished. */
  close(): void;
}
