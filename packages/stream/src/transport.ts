// What the streams need from a connection. Both our connections and the WebSocket of a browser provide it.

/** How a connection ended. */
export interface End {
  readonly code: number;
  readonly reason: string;
  /** Whether the closing handshake completed, and all written data was sent before it. */
  readonly wasClean: boolean;
  /** The error, if it is known. */
  readonly error?: unknown;
}

/** Receives the events of a connection. */
export interface TransportObserver {
  opened(): void;
  message(data: string | Uint8Array): void;
  /** The last event. */
  ended(end: End): void;
}

/** A connection. */
export interface Transport {
  /** Whether it is already open. In that case, `opened()` is not called. */
  readonly isOpen: boolean;
  readonly protocol: string;
  readonly extensions: string;
  /**
   * Sends a message.
   *
   * @returns a promise if more bytes wait than the high-water mark, or if the connection still reads the caller's bytes. It rejects if the
   * message cannot be sent.
   */
  send(data: string | Uint8Array): Promise<void> | undefined;
  /** Whether this many more bytes would exceed the high-water mark. */
  isFullWith(bytes: number): boolean;
  close(code: number | undefined, reason: string): void;
  /** Aborts an attempt to connect. */
  abandon(): void;
  pause(): void;
  resume(): void;
}
