// Properties that a program merges with our types, at the top level and in the namespace of the class.
import { WebSocket, WebSocketServer } from 'framewire';

declare module 'framewire' {
  interface WebSocket {
    isAlive?: boolean;
  }
  interface WebSocketServer {
    room?: string;
  }
  interface Server {
    broadcast?(text: string): void;
  }
  namespace WebSocket {
    interface ServerOptions {
      name?: string;
    }
    interface ClientOptions {
      retries?: number;
    }
    interface MessageEvent {
      lastEventId?: string;
    }
  }
}

const server = new WebSocketServer({ noServer: true, name: 'chat' });
server.broadcast?.('hello');
server.on('connection', (ws) => {
  ws.isAlive = true;
  ws.onmessage = ({ lastEventId }) => lastEventId?.length;
});
export const name: string | undefined = server.options.name;
export const room = (annotated: WebSocketServer): string | undefined => annotated.room;
export const client = new WebSocket('ws://127.0.0.1:1/', { retries: 3 });
