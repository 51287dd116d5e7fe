// The parts of a WebSocket that this package needs. The classes of browsers, Node, framewire and ws have them.

/** The types of binary messages. */
export type BinaryType = 'arraybuffer' | 'blob';

/** A connection. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly protocol: string;
  readonly extensions: string;
  readonly url: string;
  binaryType: string;
  // Each class declares its own types of listeners and data. `never` is assignable to all of them.
  addEventListener(type: never, listener: never): void;
  removeEventListener(type: never, listener: never): void;
  send(data: never): void;
  close(code?: number, reason?: string): void;
}

/** A class of connections. */
export type WebSocketClass = new (address: string, protocols?: string | string[]) => WebSocketLike;

/** A connection as this package uses it. */
export interface Socket extends Omit<WebSocketLike, 'addEventListener' | 'removeEventListener' | 'send'> {
  addEventListener<K extends keyof SocketEvents>(type: K, listener: (event: SocketEvents[K]) => void): void;
  removeEventListener<K extends keyof SocketEvents>(
    type: K,
    listener: (event: SocketEvents[K]) => void,
  ): void;
  send(data: unknown): void;
  /** Only on emitters of Node. */
  on?(event: 'unexpected-response', listener: (request: unknown, response: Response) => void): unknown;
}

interface SocketEvents {
  open: unknown;
  message: { readonly data: unknown };
  error: { readonly error?: unknown; readonly message?: unknown };
  close: { readonly code: number; readonly reason: string; readonly wasClean?: boolean };
}

/** A response other than 101. */
export interface Response {
  readonly statusCode?: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The states of a connection. */
export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;
