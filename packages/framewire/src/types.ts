// The types that the package exports by name: those that `@types/ws` gives to ECMAScript modules. The class has them too.
import type { IncomingMessage } from 'node:http';
import type { WebSocketClass } from '@framewire/server';
import type { WebSocket } from './websocket.ts';

export type AddressInfo = WebSocket.AddressInfo;
export type CertMeta = WebSocket.CertMeta;
export type ClientOptions = WebSocket.ClientOptions;
export type CloseEvent = WebSocket.CloseEvent;
export type Data = WebSocket.Data;
export type ErrorEvent = WebSocket.ErrorEvent;
export type Event = WebSocket.Event;
export type EventListenerOptions = WebSocket.EventListenerOptions;
export type FinishRequestCallback = WebSocket.FinishRequestCallback;
export type MessageEvent = WebSocket.MessageEvent;
export type PerMessageDeflateOptions = WebSocket.PerMessageDeflateOptions;
export type RawData = WebSocket.RawData;
export type Refusal = WebSocket.Refusal;
/** A type alone: a program makes its server by the name `WebSocketServer`. */
export type Server<
  Class extends WebSocketClass = typeof WebSocket,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
> = WebSocket.Server<Class, Request>;
export type ServerOptions<
  Class extends WebSocketClass = typeof WebSocket,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
> = WebSocket.ServerOptions<Class, Request>;
export type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> =
  WebSocket.VerifyClientCallbackAsync<Request>;
export type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> =
  WebSocket.VerifyClientCallbackSync<Request>;
