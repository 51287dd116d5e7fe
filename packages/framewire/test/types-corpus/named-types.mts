// The types of the package, each imported by name, as in ES modules.
import { IncomingMessage } from 'node:http';
import WebSocket, { WebSocketServer } from 'ws';
import type {
  AddressInfo,
  CertMeta,
  ClientOptions,
  CloseEvent,
  Data,
  ErrorEvent,
  Event,
  EventListenerOptions,
  FinishRequestCallback,
  MessageEvent,
  PerMessageDeflateOptions,
  RawData,
  Server,
  ServerOptions,
  VerifyClientCallbackAsync,
  VerifyClientCallbackSync,
} from 'ws';

class Session extends WebSocket {
  user = '';
}
class Request extends IncomingMessage {
  user?: string;
}

const compression: PerMessageDeflateOptions = { threshold: 1024, serverMaxWindowBits: 12 };
const verifySync: VerifyClientCallbackSync = ({ origin, secure, req }) =>
  secure && req.headers.origin === origin;
const verifyAsync: VerifyClientCallbackAsync<Request> = ({ req }, callback) => {
  callback(req.user !== undefined, 403, 'no user', { 'x-reason': 'user' });
};
const plain: ServerOptions = { port: 0, verifyClient: verifySync, perMessageDeflate: compression };
const own: ServerOptions<typeof Session, typeof Request> = {
  noServer: true,
  WebSocket: Session,
  verifyClient: verifyAsync,
};

/** A server under its other name, and its address. */
export function port(server: Server): number {
  const { port } = server.address() as AddressInfo;
  return port;
}
const sessions: Server<typeof Session, typeof Request> = new WebSocketServer(own);
sessions.on('connection', (session, request) => {
  session.user = request.user ?? '';
});
for (const session of sessions.clients) console.log(session.user);
export const listening = port(new WebSocketServer(plain));

const finishRequest: FinishRequestCallback = (request, websocket) => {
  request.setHeader('x-state', websocket.readyState);
  request.end();
};
const options: ClientOptions = { finishRequest, perMessageDeflate: compression, maxPayload: 1024 };
const client = new WebSocket('ws://127.0.0.1:1/', options);

const length = (data: RawData): number =>
  Array.isArray(data) ? Buffer.concat(data).length : data.byteLength;
client.on('message', (data: RawData, isBinary: boolean) => console.log(length(data), isBinary));

const text = (data: Data): string => (typeof data === 'string' ? data : `${length(data)} bytes`);
const onMessage = (event: MessageEvent): void => event.target.send(text(event.data));
const onClose = ({ code, reason, wasClean }: CloseEvent): void =>
  console.log(code.toFixed(), reason, wasClean);
const onError = ({ message, error }: ErrorEvent): void => console.log(message, error.code);
const onOpen = (event: Event): void => console.log(event.type, event.target === client);
const once: EventListenerOptions = { once: true };
client.addEventListener('open', onOpen, once);
client.addEventListener('message', onMessage);
client.addEventListener('close', onClose, once);
client.onerror = onError;

/** A single certificate. */
export function certificate(meta: CertMeta): string {
  return Array.isArray(meta) ? meta.map(String).join('') : meta.toString();
}
