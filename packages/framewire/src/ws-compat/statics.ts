// The statics of the class: the states, all exports of the module, and `Server`.
import { WebSocketConnection } from '@framewire/connection';

/** Adds the states and the exports to the class that `require()` returns. Its types declare them. */
export function addStatics(WebSocket: object, exported: object): void {
  // Own properties, although the base class has them: enumerable and read-only, as in `ws`.
  for (const state of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const) {
    Object.defineProperty(WebSocket, state, { value: WebSocketConnection[state], enumerable: true });
  }
  Object.assign(WebSocket, exported);
}
