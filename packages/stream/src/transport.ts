// What the streams need of a connection: one of ours has it, and so has the WebSocket of a browser.

/** How a connection ended. */
export interface End {
  readonly code: number;
  readonly reason: string;
  /** Whether the closing handshake was done, and all that was written was sent before it. */
  readonly wasClean: boolean;
  /** What went wrong, if it is known. */
  readonly error?: unknown;
}

/** Receives what happens to a connection. */
export interface TransportObserver {
  opened(): void;
  message(data: string | Uint8Array): void;
  /** The last word. */
  ended(end: End): void;
}

/** A connection. */
export interface Transport {
  /** Whether it is open already: then `opened()` is not called. */
  readonly isOpen: boolean;
  readonly protocol: string;
  readonly extensions: string;
  /**
   * Sends a message.
   *
   * @returns a promise where more waits than the high-water mark, or the bytes still belong to the connection. It rejects when the
   * message cannot be sent.
   */
  send(data: string | Uint8Array): Promise<void> | undefined;
  close(code: number | undefined, reason: string): void;
  /** Gives up an attempt to connect. */
  abandon(): void;
  pause(): void;
  resume(): void;
}
