// The options of the streams, and the checks of constructor arguments.

/** The limits of both queues. */
export interface StreamOptions {
  /** How many bytes may wait to be sent before the writer's `ready` becomes pending. Default 65536. */
  highWaterMark?: number | undefined;
  /** How many messages may wait to be read before the connection is paused; it resumes when at most half as many wait. Default 1. */
  messageHighWaterMark?: number | undefined;
}

/** Returns the limits, with the defaults. As in the options of a connection, NaN and negative numbers are 0. */
export function limitsOf({ highWaterMark = 64 * 1024, messageHighWaterMark = 1 }: StreamOptions): {
  highWaterMark: number;
  messageHighWaterMark: number;
} {
  return {
    highWaterMark: Math.max(0, highWaterMark) || 0,
    // With infinity, the room that is left would not show whether messages wait.
    messageHighWaterMark: Math.min(Math.max(0, messageHighWaterMark) || 0, Number.MAX_SAFE_INTEGER),
  };
}

/** The options of a client in the proposal. */
export interface WebSocketStreamOptions extends StreamOptions {
  /** The subprotocols to request, the preferred one first. */
  protocols?: readonly string[] | undefined;
  /** Aborts the attempt to connect. Has no effect on an open connection. */
  signal?: AbortSignal | undefined;
}

/** @throws `TypeError` for options that are not an object, and for protocols that are not a list */
export function checkOptions(options: unknown): void {
  if (options != null && typeof options !== 'object') throw new TypeError('The options must be an object');
  const { protocols } = (options ?? {}) as { protocols?: unknown };
  if (protocols !== undefined && !Array.isArray(protocols))
    throw new TypeError('The protocols must be a list');
}
