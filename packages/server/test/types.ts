// Uses of the server's types. Compiled, not run. Lines that must not compile are marked.
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocketConnection } from '@framewire/connection';
import { UpgradeRefusal } from '@framewire/handshake';
import { expectTypeOf } from 'vitest';
import {
  AcceptedWebSocket,
  WebSocketServer,
  type Authenticate,
  type ClientInfo,
  type ServerOptions,
  type VerifyClientAsync,
} from '@framewire/server';

// By default, the connection event has AcceptedWebSocket and Node's request.
const plain = new WebSocketServer({ port: 0 });
plain.on('connection', (ws, request) => {
  expectTypeOf(ws).toEqualTypeOf<AcceptedWebSocket>();
  expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
  ws.send('hello');
  ws.on('message', (_data, isBinary) => expectTypeOf(isBinary).toEqualTypeOf<boolean>());
});
plain.on('headers', (lines) => expectTypeOf(lines).toEqualTypeOf<string[]>());
plain.on('wsClientError', (error, socket) => {
  expectTypeOf(error).toEqualTypeOf<Error>();
  expectTypeOf(socket).toEqualTypeOf<Duplex>();
});
plain.close((error) => expectTypeOf(error).toEqualTypeOf<Error | undefined>());
expectTypeOf(plain.address()).toEqualTypeOf<AddressInfo | string | null>();
expectTypeOf(plain.clients).toEqualTypeOf<Set<AcceptedWebSocket>>();
// Other events are allowed, because a subclass may have some.
plain.on('disconnection', (reason: string) => reason);

// A custom class is the type in the event, in the clients and in the callback of handleUpgrade.
class Session extends AcceptedWebSocket {
  user = '';
}
class Request extends http.IncomingMessage {
  session = 1;
}
const own = new WebSocketServer<typeof Session, typeof Request>({ noServer: true, WebSocket: Session });
own.on('connection', (ws, request) => {
  expectTypeOf(ws.user).toEqualTypeOf<string>();
  expectTypeOf(request.session).toEqualTypeOf<number>();
});
for (const ws of own.clients) expectTypeOf(ws).toEqualTypeOf<Session>();
own.handleUpgrade({} as Request, {} as Duplex, Buffer.alloc(0), (ws, request) => {
  expectTypeOf(ws).toEqualTypeOf<Session>();
  expectTypeOf(request).toEqualTypeOf<Request>();
});
expectTypeOf(own.shouldHandle).parameter(0).toEqualTypeOf<Request>();

// The options.
const verifyLater: VerifyClientAsync = ({ origin, secure, req }, callback) => {
  expectTypeOf(origin).toEqualTypeOf<string>();
  expectTypeOf(secure).toEqualTypeOf<boolean>();
  callback(req.url === '/', 403, 'no', { 'X-A': 'b' });
};
export const options: ServerOptions[] = [
  { port: 0, host: undefined, backlog: undefined, path: '/a' },
  { server: http.createServer(), verifyClient: ({ req }: ClientInfo) => req.url === '/' },
  { noServer: true, verifyClient: verifyLater, handleProtocols: (protocols) => [...protocols][0] ?? false },
  { noServer: true, maxPayload: 1, autoPong: false, closeTimeout: 1, skipUTF8Validation: true },
  // @ts-expect-error A port is a number.
  { port: '0' },
  { noServer: true, verifyClient: async (_info, callback) => callback(await Promise.resolve(true)) },
  { noServer: true, verifyClient: (_info, callback) => setTimeout(callback, 1, true) },
  // @ts-expect-error A promise is not an answer.
  { noServer: true, verifyClient: async () => true },
  // @ts-expect-error A promise is not an answer, even if a callback is declared.
  { noServer: true, verifyClient: async ({ origin }, _callback) => origin === 'https://example.com' },
  // @ts-expect-error handleProtocols returns a string or false.
  { noServer: true, handleProtocols: () => true },
];

// The type of the third argument is what authenticate returns or resolves to, without refusals.
interface User {
  name: string;
}
const authenticating = new WebSocketServer({
  noServer: true,
  authenticate: async ({ url }, { signal }) => {
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    const user = await Promise.resolve<User | undefined>({ name: url ?? '' });
    return user ?? new UpgradeRefusal(401);
  },
});
authenticating.on('connection', (ws, request, user) => {
  expectTypeOf(ws).toEqualTypeOf<AcceptedWebSocket>();
  expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
  expectTypeOf(user).toEqualTypeOf<User>();
});
authenticating.handleUpgrade({} as IncomingMessage, {} as Duplex, Buffer.alloc(0), (ws, request, user) => {
  expectTypeOf(user).toEqualTypeOf<User>();
  authenticating.emit('connection', ws, request, user);
});
const numbering = new WebSocketServer({ noServer: true, authenticate: () => 7 });
numbering.on('connection', (_ws, _request, number) => expectTypeOf(number).toEqualTypeOf<number>());
// With a custom class too.
const named: Authenticate<Request, string> = (request) => String(request.session);
const ownUsers = new WebSocketServer<typeof Session, typeof Request, string>({
  noServer: true,
  WebSocket: Session,
  authenticate: named,
});
ownUsers.on('connection', (ws, request, name) => {
  expectTypeOf([ws, request, name] as const).toEqualTypeOf<readonly [Session, Request, string]>();
});
// A server of any class is assignable to one of the base class.
export const anyServer: { clients: Set<WebSocketConnection> } = {
  clients: new Set<WebSocketConnection>(own.clients),
};

// Options of a server without authentication fit its constructor and that of a subclass.
class Lobby extends WebSocketServer {
  constructor(options: ServerOptions) {
    super({ ...options, maxConnections: 10 });
  }
}
export const plainOptions: ServerOptions = { noServer: true };
new Lobby(plainOptions).on('connection', (ws, request, ...rest) => {
  expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
  expectTypeOf(rest).toEqualTypeOf<[]>();
  ws.send('hello');
});
new WebSocketServer(plainOptions);
