// The values of `readyState`, as in the DOM.

export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

/** The value of `readyState`. */
export type ReadyState = typeof CONNECTING | typeof OPEN | typeof CLOSING | typeof CLOSED;

const NAMES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const;

/** Returns the error of a call that needs an open connection. */
export function notOpenError(state: ReadyState): Error {
  return new Error(`WebSocket is not open: readyState ${state} (${NAMES[state]})`);
}

/** Like {@link notOpenError}, with the code `WS_ERR_NOT_OPEN`, for promises that wait for a connection. */
export function lostError(state: ReadyState): Error & { readonly code: string } {
  return Object.assign(notOpenError(state), { code: 'WS_ERR_NOT_OPEN' });
}
