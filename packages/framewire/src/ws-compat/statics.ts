// What hangs on the class of `ws`: the states, all that the module exports, and the server by its other name.
import { WebSocketConnection } from '@framewire/connection';

/** Hangs the states and what is exported on the class that `require()` gives. Its types declare them. */
export function hangStaticsOn(WebSocket: object, exported: object): void {
  // Its own, though the base class has them: so they are listed, and cannot be changed.
  for (const state of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const) {
    Object.defineProperty(WebSocket, state, { value: WebSocketConnection[state], enumerable: true });
  }
  Object.assign(WebSocket, exported);
}
