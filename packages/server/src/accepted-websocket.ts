// The class of a server's connections.
import { WebSocketConnection, type ConnectionOptions } from '@framewire/connection';

/** The class that a server's connections have where the options name none. */
export class AcceptedWebSocket extends WebSocketConnection {
  constructor(_address: null, _protocols: undefined, options: ConnectionOptions) {
    super(options);
  }
}
