// Properties that a program merges with the types of the module, as with `@types/ws`.
import WebSocket, { WebSocketServer } from 'ws';
import * as everything from 'ws';

declare module 'ws' {
  interface WebSocket {
    isAlive?: boolean;
  }
  namespace WebSocket {
    interface ErrorEvent {
      seen?: boolean;
    }
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
  interface PerMessageDeflateOptions {
    dictionaryId?: number;
  }
  interface Event {
    timeStamp?: number;
  }
  interface CloseEvent {
    initiator?: string;
  }
  interface MessageEvent {
    lastEventId?: string;
  }
  interface EventListenerOptions {
    passive?: boolean;
  }
  interface AddressInfo {
    zone?: string;
  }
}

const server = new WebSocketServer({ port: 0, name: 'chat', perMessageDeflate: { dictionaryId: 1 } });
server.broadcast?.('hello');
server.on('connection', (ws) => {
  ws.isAlive = true;
});
server.clients.forEach((ws) => ws.isAlive);
export const name: string | undefined = server.options.name;
export const room = (annotated: WebSocketServer): string | undefined => annotated.room;

const client = new WebSocket('ws://127.0.0.1:1/', { retries: 3 });
client.isAlive = false;
client.onmessage = ({ lastEventId }) => lastEventId?.length;
client.onclose = ({ initiator }) => initiator?.length;
client.onopen = ({ timeStamp }) => timeStamp?.toFixed();
client.onerror = ({ seen }: WebSocket.ErrorEvent) => seen;
client.addEventListener('message', ({ lastEventId }) => lastEventId?.length, { passive: true });
export const alive = (ws: everything.WebSocket): boolean | undefined => ws.isAlive;
export const zone = ({ zone }: everything.AddressInfo): string | undefined => zone;
