// The class that `require('framewire')` gives, and the types that hang on its name.
import type { ClientRequest, ClientRequestArgs, IncomingMessage } from 'node:http';
import type * as net from 'node:net';
import type * as client from '@framewire/client';
import type * as connection from '@framewire/connection';
import type * as handshake from '@framewire/handshake';
import { defineAddition, openPartOf } from '@framewire/connection';
import type * as deflate from '@framewire/permessage-deflate';
import { PerMessageDeflate as Compression } from '@framewire/permessage-deflate';
import type * as server from '@framewire/server';
import type * as extensionHeader from './ws-compat/extension.ts';
import type { PerMessageDeflate as DeflateClass } from './ws-compat/per-message-deflate.ts';
import type { Receiver as ReceiverClass } from './ws-compat/receiver.ts';
import type { Sender as SenderClass } from './ws-compat/sender.ts';
import type * as subprotocolHeader from './ws-compat/subprotocol.ts';
import { ownMembers } from './ws-compat/own-members.ts';
import { WebSocketWithInternals } from './ws-compat/websocket.ts';
import type { ServerOf, WebSocketServer as ServerClass } from './websocket-server.ts';

/**
 * A WebSocket: a client when made from a URL, and the class of a server's connections. Everything else that the package
 * exports is a static of it, as programs that `require()` it expect.
 */
export class WebSocket extends WebSocketWithInternals {
  declare static readonly compressionStatistics: typeof deflate.compressionStatistics;
  declare static readonly createRefusal: typeof handshake.createRefusal;
  declare static readonly createWebSocketStream: typeof connection.createWebSocketStream;
  declare static readonly extension: typeof extensionHeader;
  declare static readonly formatRefusal: typeof handshake.formatRefusal;
  declare static readonly PerMessageDeflate: typeof DeflateClass;
  declare static readonly Receiver: typeof ReceiverClass;
  declare static readonly Sender: typeof SenderClass;
  declare static readonly subprotocol: typeof subprotocolHeader;
  declare static readonly WebSocket: typeof WebSocket;
  declare static readonly WebSocketServer: typeof ServerClass;
  declare static readonly Server: typeof ServerClass;

  /** As that of `@framewire/client`, with options that know this class. */
  constructor(address: string | URL, options?: WebSocket.ClientOptions | ClientRequestArgs);
  constructor(
    address: string | URL,
    protocols?: client.Subprotocols,
    options?: WebSocket.ClientOptions | ClientRequestArgs,
  );
  constructor(address: null, protocols?: undefined, options?: WebSocket.ClientOptions);
  // It is there for its overloads.
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor
  constructor(address: string | URL | null, second?: Second, third?: Third) {
    super(address, second, third);
  }
}

defineAddition(WebSocket.prototype, 'compression', (ws) => {
  const extension = openPartOf(ws)?.extension;
  return extension instanceof Compression ? extension.statistics : undefined;
});
ownMembers(WebSocket.prototype);

type Self = WebSocket;
type Third = WebSocket.ClientOptions | ClientRequestArgs;
type Second = client.Subprotocols | Third;

/** What can be set is written as it is read. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The types by the names that `@types/ws` has given them. */
// A namespace is how a type hangs on the name of a class; it holds types only.
// eslint-disable-next-line @typescript-eslint/no-namespace
export declare namespace WebSocket {
  /** The class itself. */
  type WebSocket = Self;
  /** What a message arrives as. */
  type RawData = connection.RawData;
  /** What a listener of the DOM's kind is given. */
  type Data = string | connection.RawData;
  /** What a certificate or key may be. */
  type CertMeta = client.CertMeta;
  /** Bytes before and after compression, both ways, and the time that it took. */
  type CompressionStatistics = deflate.CompressionStatistics;
  /** The server. */
  type WebSocketServer<
    Class extends server.WebSocketClass = typeof WebSocket,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  > = ServerOf<Class, Request>;
  /** The server, by its other name. */
  type Server<
    Class extends server.WebSocketClass = typeof WebSocket,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  > = ServerOf<Class, Request>;
  /** The options of a client. */
  type ClientOptions = client.ClientOptions<WebSocket>;
  /** Ends the request of a client, after changing it. */
  type FinishRequestCallback = (request: ClientRequest, websocket: WebSocket) => void;
  /** The options of a server. */
  type ServerOptions<
    Class extends server.WebSocketClass = typeof WebSocket,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  > = server.ServerOptions<Class, Request>;
  /** A refusal of an upgrade, as `createRefusal()` makes it. */
  type Refusal = handshake.Refusal;
  /** What `perMessageDeflate` of a client or a server can be, besides true and false. */
  type PerMessageDeflateOptions = Mutable<Extract<server.ServerOptions['perMessageDeflate'], object>>;
  type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> =
    server.VerifyClientSync<Request>;
  type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> =
    server.VerifyClientAsync<Request>;
  /** The events of the DOM's kind, by their properties: a test may make its own. */
  type Event = Pick<connection.Event<WebSocket>, 'target' | 'type'>;
  type CloseEvent = Event & Pick<connection.CloseEvent, 'code' | 'reason' | 'wasClean'>;
  type ErrorEvent = Event & Pick<connection.ErrorEvent, 'error' | 'message'>;
  type MessageEvent = Event & Pick<connection.MessageEvent, 'data'>;
  interface WebSocketEventMap {
    open: Event;
    error: ErrorEvent;
    close: CloseEvent;
    message: MessageEvent;
  }
  type EventListenerOptions = connection.DomListenerOptions;
  type AddressInfo = net.AddressInfo;
}
