// The named type exports. `@types/ws` has the same for ECMAScript modules. The namespace of the class has them too.
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from './websocket.ts';
import type { WebSocketClass } from './ws-compat/server-shape.ts';

export type AddressInfo = WebSocket.AddressInfo;
export type CertMeta = WebSocket.CertMeta;
export type ClientOptions = WebSocket.ClientOptions;
export type CloseEvent = WebSocket.CloseEvent;
export type Data = WebSocket.Data;
export type ErrorCode = WebSocket.ErrorCode;
export type ErrorEvent = WebSocket.ErrorEvent;
export type Event = WebSocket.Event;
export type EventListenerOptions = WebSocket.EventListenerOptions;
export type FinishRequestCallback = WebSocket.FinishRequestCallback;
export type IterableWebSocket<T = WebSocket> = WebSocket.IterableWebSocket<T>;
export type MessageEvent = WebSocket.MessageEvent;
export type PerMessageDeflateOptions = WebSocket.PerMessageDeflateOptions;
export type RawData = WebSocket.RawData;
export type Refusal = WebSocket.Refusal;
/** Only a type: the class is exported as `WebSocketServer`. */
export type Server<
  T extends WebSocketClass = typeof WebSocket,
  U extends typeof IncomingMessage = typeof IncomingMessage,
  I = undefined,
> = WebSocket.Server<T, U, I>;
export type ServerOptions<
  U extends WebSocketClass = typeof WebSocket,
  V extends typeof IncomingMessage = typeof IncomingMessage,
  I = undefined,
> = WebSocket.ServerOptions<U, V, I>;
export type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> =
  WebSocket.VerifyClientCallbackAsync<Request>;
export type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> =
  WebSocket.VerifyClientCallbackSync<Request>;
export type WebSocketError = WebSocket.WebSocketError;
