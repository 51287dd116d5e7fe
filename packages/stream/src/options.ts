// What can be set for the streams, and the checks of what a constructor is given.

/** How much may wait. */
export interface StreamOptions {
  /** How many bytes may wait to be sent before the writer's `ready` waits. Default 65536. */
  highWaterMark?: number | undefined;
  /** How many messages may wait to be read before the connection is stopped; it is resumed at half. Default 1. */
  messageHighWaterMark?: number | undefined;
}

export const DEFAULTS = { highWaterMark: 64 * 1024, messageHighWaterMark: 1 } as const;

/** The options of a client, as the proposal has them. */
export interface WebSocketStreamOptions extends StreamOptions {
  /** The subprotocols to ask for, the preferred one first. */
  protocols?: readonly string[] | undefined;
  /** Gives the attempt to connect up. Has no effect once the connection is open. */
  signal?: AbortSignal | undefined;
}

/** @throws `TypeError` for what is not an object, and for protocols that are not a list */
export function checkOptions(options: unknown): void {
  if (options != null && typeof options !== 'object') throw new TypeError('The options must be an object');
  const { protocols } = (options ?? {}) as { protocols?: unknown };
  if (protocols !== undefined && !Array.isArray(protocols))
    throw new TypeError('The protocols must be a list');
}
