// The default class of a server's connections.
import { WebSocketConnection, type ConnectionOptions } from '@framewire/connection';

/** The class of a server's connections, unless the option `WebSocket` names another. */
export class AcceptedWebSocket extends WebSocketConnection {
  constructor(_address: null, _protocols: undefined, options: ConnectionOptions) {
    super(options);
  }
}
