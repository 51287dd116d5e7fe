// Each of our types where one of `@types/ws` is expected, and the reverse for types that libraries pass to programs.
import type { EventEmitter } from 'node:events';
import * as ours from 'framewire';
import type * as theirs from 'ws';

declare function value<T>(): T;
declare function accepts<Target>(...values: Target[]): void;

// The instances. A server of `ws` is not assignable to ours, because its options do not name our class.
accepts<theirs.WebSocket>(value<ours.WebSocket>());
accepts<ours.WebSocket>(value<theirs.WebSocket>());
accepts<theirs.WebSocketServer>(value<ours.WebSocketServer>());
accepts<theirs.Server>(value<ours.Server>());

// The classes, passed as values.
accepts<typeof theirs.WebSocket>(ours.WebSocket);
accepts<typeof theirs.default>(ours.default);
accepts<typeof theirs.WebSocketServer>(ours.WebSocketServer);
accepts<ConstructorParameters<typeof theirs.WebSocket>>(
  value<ConstructorParameters<typeof ours.WebSocket>>(),
);
accepts<ConstructorParameters<typeof ours.WebSocket>>(
  value<ConstructorParameters<typeof theirs.WebSocket>>(),
);
accepts<typeof theirs.createWebSocketStream>(ours.createWebSocketStream);
accepts<EventEmitter>(value<ours.WebSocket>(), value<ours.WebSocketServer>());

// The options: those of a server of `ws` without the class of its connections.
accepts<theirs.ClientOptions>(value<ours.ClientOptions>());
accepts<ours.ClientOptions>(value<theirs.ClientOptions>());
accepts<theirs.ServerOptions>(value<ours.ServerOptions>());
accepts<ours.ServerOptions>(value<Omit<theirs.ServerOptions, 'WebSocket'>>());
accepts<theirs.PerMessageDeflateOptions>(value<ours.PerMessageDeflateOptions>());
accepts<ours.PerMessageDeflateOptions>(value<theirs.PerMessageDeflateOptions>());

// All the other types, by name.
accepts<theirs.AddressInfo>(value<ours.AddressInfo>());
accepts<ours.AddressInfo>(value<theirs.AddressInfo>());
accepts<theirs.CertMeta>(value<ours.CertMeta>());
accepts<ours.CertMeta>(value<theirs.CertMeta>());
accepts<theirs.CloseEvent>(value<ours.CloseEvent>());
accepts<ours.CloseEvent>(value<theirs.CloseEvent>());
accepts<theirs.Data>(value<ours.Data>());
accepts<ours.Data>(value<theirs.Data>());
accepts<theirs.ErrorEvent>(value<ours.ErrorEvent>());
accepts<ours.ErrorEvent>(value<theirs.ErrorEvent>());
accepts<theirs.Event>(value<ours.Event>());
accepts<ours.Event>(value<theirs.Event>());
accepts<theirs.EventListenerOptions>(value<ours.EventListenerOptions>());
accepts<ours.EventListenerOptions>(value<theirs.EventListenerOptions>());
accepts<theirs.FinishRequestCallback>(value<ours.FinishRequestCallback>());
accepts<ours.FinishRequestCallback>(value<theirs.FinishRequestCallback>());
accepts<theirs.MessageEvent>(value<ours.MessageEvent>());
accepts<ours.MessageEvent>(value<theirs.MessageEvent>());
accepts<theirs.RawData>(value<ours.RawData>());
accepts<ours.RawData>(value<theirs.RawData>());
accepts<theirs.VerifyClientCallbackAsync>(value<ours.VerifyClientCallbackAsync>());
accepts<ours.VerifyClientCallbackAsync>(value<theirs.VerifyClientCallbackAsync>());
accepts<theirs.VerifyClientCallbackSync>(value<ours.VerifyClientCallbackSync>());
accepts<ours.VerifyClientCallbackSync>(value<theirs.VerifyClientCallbackSync>());

/** The constructors accept more than the types of `ws` allow. */
export const wide = [
  new ours.WebSocketServer({ noServer: true, perMessageDeflate: 'shared' }),
  new ours.WebSocketServer({ noServer: true, perMessageDeflate: { serverMaxWindowBits: true } }),
  new ours.WebSocket('ws://127.0.0.1:1/', { perMessageDeflate: 'shared', headers: { 'X-A': ['b', 'c'] } }),
  new ours.WebSocket('ws://127.0.0.1:1/', { agent: false, checkServerIdentity: () => undefined }),
];

/** The error codes are known by name, and other codes are allowed. */
export function explain(ws: ours.WebSocket, server: ours.WebSocketServer): void {
  const known: ours.ErrorCode = 'WS_ERR_INVALID_UTF8';
  ws.on('error', ({ code, message }) => code === known || code === 'ECONNREFUSED' || message);
  ws.on('error', (error: NodeJS.ErrnoException) => error.code);
  server.on('wsClientError', ({ code }, socket) => code === 'WS_ERR_INVALID_KEY' && socket.destroy());
  // @ts-expect-error: unknown code.
  accepts<ours.ErrorCode>('WS_ERR_INVALID_UTF16');
}

// A server does not wait for the answer of an async function.
new ours.WebSocketServer({
  noServer: true,
  // @ts-expect-error: it returns a promise, which is truthy.
  verifyClient: async ({ req }) => Promise.resolve(req.url === '/'),
});
// Also without parameters, and through the type of the options.
// @ts-expect-error: the same.
new ours.WebSocketServer({ noServer: true, verifyClient: async () => Promise.resolve(false) });
// @ts-expect-error: the same.
export const judged: ours.ServerOptions = { noServer: true, verifyClient: async () => Promise.resolve(true) };
new ours.WebSocketServer({
  noServer: true,
  verifyClient: async (_info, callback) => {
    callback(await Promise.resolve(true));
  },
});
