// Like merging.mts, in CommonJS, where `require()` returns the class: properties merged with `WebSocket` are visible on values of that type.
import WebSocket = require('ws');

declare module 'ws' {
  interface WebSocket {
    isAlive?: boolean;
  }
  interface Server {
    broadcast?(text: string): void;
  }
  interface WebSocketServer {
    room?: string;
  }
  interface ServerOptions {
    name?: string;
  }
  interface ClientOptions {
    retries?: number;
  }
  interface MessageEvent {
    lastEventId?: string;
  }
  interface WebSocketEventMap {
    ping: Event;
  }
}

const server = new WebSocket.Server({ port: 0, name: 'chat' });
server.broadcast?.('hello');
server.on('connection', (ws: WebSocket.WebSocket) => {
  ws.isAlive = true;
});
const client = new WebSocket('ws://127.0.0.1:1/', { retries: 3 });
client.onmessage = ({ lastEventId }) => lastEventId?.length;
client.addEventListener('ping', ({ type }) => type.length);

export = {
  room: (annotated: WebSocket.WebSocketServer): string | undefined => annotated.room,
  name: server.options.name,
};
