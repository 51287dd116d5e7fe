// The class that `require('framewire')` gives, and the types that hang on its name.
import type { Agent, ClientRequest, ClientRequestArgs, IncomingMessage } from 'node:http';
import type * as net from 'node:net';
import type { PeerCertificate } from 'node:tls';
import type { ZlibOptions } from 'node:zlib';
import type * as client from '@framewire/client';
import type { ProtocolErrorCode } from '@framewire/codec';
import type * as connection from '@framewire/connection';
import type * as handshake from '@framewire/handshake';
import { defineAddition, openPartOf, type WebSocketConnection } from '@framewire/connection';
import type * as deflate from '@framewire/permessage-deflate';
import type * as server from '@framewire/server';
import type * as extensionHeader from './ws-compat/extension.ts';
import type { PerMessageDeflate as DeflateClass } from './ws-compat/per-message-deflate.ts';
import type { Receiver as ReceiverClass } from './ws-compat/receiver.ts';
import type { Sender as SenderClass } from './ws-compat/sender.ts';
import type { WebSocketClass } from './ws-compat/server-shape.ts';
import type * as subprotocolHeader from './ws-compat/subprotocol.ts';
import { ownMembers } from './ws-compat/own-members.ts';
import { WebSocketWithInternals } from './ws-compat/websocket.ts';
import type { WebSocketServer as ServerClass } from './websocket-server.ts';

/**
 * A WebSocket: a client when made from a URL, and the class of a server's connections. Everything else that the package
 * exports is a static of it, as programs that `require()` it expect.
 */
export class WebSocket extends WebSocketWithInternals {
  declare static readonly clientAddress: typeof server.clientAddress;
  declare static readonly compressionStatistics: typeof deflate.compressionStatistics;
  declare static readonly createRefusal: typeof handshake.createRefusal;
  declare static readonly createWebSocketStream: typeof connection.createWebSocketStream;
  declare static readonly extension: typeof extensionHeader;
  declare static readonly formatRefusal: typeof handshake.formatRefusal;
  declare static readonly PerMessageDeflate: typeof DeflateClass;
  declare static readonly PreparedMessage: typeof connection.PreparedMessage;
  declare static readonly Receiver: typeof ReceiverClass;
  declare static readonly Sender: typeof SenderClass;
  declare static readonly subprotocol: typeof subprotocolHeader;
  declare static readonly UpgradeRefusal: typeof handshake.UpgradeRefusal;

  /** As that of `@framewire/client`, with options that know this class. */
  constructor(address: null, protocols?: undefined, options?: WebSocket.ClientOptions);
  constructor(address: string | URL, options?: AnyOptions);
  constructor(address: string | URL, protocols?: client.Subprotocols, options?: AnyOptions);
  // The last overload is that of `@types/ws`, because `ConstructorParameters` takes the last one.
  constructor(
    address: string | URL,
    protocols?: string | string[],
    options?: WebSocket.ClientOptions | ClientRequestArgs,
  );
  // It is there for its overloads.
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor
  constructor(address: string | URL | null, second?: client.Subprotocols | AnyOptions, third?: AnyOptions) {
    super(address, second, third);
  }
}

defineAddition(WebSocket.prototype, 'compression', (ws) => {
  // Does not test the class: there may be two copies of it, and a program may pass its own extension.
  const extension: (connection.Extension & { statistics?: deflate.CompressionStatistics }) | undefined =
    openPartOf(ws as unknown as WebSocketConnection)?.extension;
  return extension?.statistics;
});
ownMembers(WebSocket.prototype);

/** The options of a client, with everything that `@types/ws` leaves out. */
type AnyOptions = WebSocket.ClientOptions | client.ClientOptions<WebSocket> | ClientRequestArgs;

// Other names, because in the bundle the members of the namespace hide the classes.
type Self = WebSocket;
type SelfClass = typeof WebSocket;
type OwnDeflate = DeflateClass;
type OwnReceiver = ReceiverClass;
type OwnSender = SenderClass;
declare const ServerBase: typeof ServerClass;
type Message = typeof IncomingMessage;

/** What can be set is written as it is read. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type HandshakeErrors = typeof handshake.HANDSHAKE_ERRORS;

/**
 * The types by the names that `@types/ws` gives them, and assignable to its types. They are interfaces where its types are, so a program
 * can merge its own properties with them. Merging compares the names of type parameters, so those are the same too.
 */
// A namespace is how a type hangs on the name of a class.
/* eslint-disable @typescript-eslint/no-namespace, @typescript-eslint/no-empty-object-type */
export declare namespace WebSocket {
  /** The class itself. */
  const WebSocket: SelfClass;
  interface WebSocket extends Self {}
  /** The server. */
  class Server<
    T extends WebSocketClass = SelfClass,
    U extends Message = Message,
    I = undefined,
  > extends ServerBase<T, U, I> {}
  const WebSocketServer: typeof Server;
  interface WebSocketServer<
    T extends WebSocketClass = SelfClass,
    U extends Message = Message,
    I = undefined,
  > extends Server<T, U, I> {}
  type PerMessageDeflate = OwnDeflate;
  type Receiver = OwnReceiver;
  type Sender = OwnSender;
  /** What a message arrives as. */
  type RawData = connection.RawData;
  /** What a listener of the DOM's kind is given. */
  type Data = string | connection.RawData;
  /** What a certificate or key may be. */
  type CertMeta = client.CertMeta;
  /** Bytes before and after compression, both ways, and the time that it took. */
  type CompressionStatistics = deflate.CompressionStatistics;
  /** Ends the request of a client, after changing it. */
  type FinishRequestCallback = (request: ClientRequest, websocket: Self) => void;
  /** The options of a client. The constructor also takes those of `http.request()`, and more forms of some. */
  interface ClientOptions extends Omit<
    client.ClientOptions<Self>,
    | 'agent'
    | 'checkServerIdentity'
    | 'createConnection'
    | 'finishRequest'
    | 'generateMask'
    | 'headers'
    | 'host'
    | 'perMessageDeflate'
    | 'protocol'
  > {
    agent?: Agent | undefined;
    /** Judges the server's certificate, as `tls.checkServerIdentity()` does: an error refuses it. */
    // The types of `ws` want a boolean, Node an error or nothing.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    checkServerIdentity?(servername: string, certificate: PeerCertificate & CertMeta): any;
    /** Makes the transport. Default: `net.connect()` or `tls.connect()`. */
    createConnection?: typeof net.createConnection | undefined;
    /** Ends the HTTP request in place of the client, after changing it. */
    finishRequest?: FinishRequestCallback | undefined;
    /** Fills the 4 bytes of each masking key, at once. Default: random. */
    generateMask?(mask: Buffer): void;
    /** More headers of the request. */
    headers?: Record<string, string> | undefined;
    /** Of no effect: the URL says it. */
    host?: string | undefined;
    /** Whether compression is offered to the server, and how it is done. Default true. */
    perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined;
    /** Of no effect: the second argument and `protocols` say it. */
    protocol?: string | undefined;
  }
  /** The options of a server. The constructor also takes `'shared'` compression, and booleans for windows. */
  interface ServerOptions<
    U extends WebSocketClass = SelfClass,
    V extends Message = Message,
    I = undefined,
  > extends Omit<
    server.ServerOptions<server.WebSocketClass, V, I>,
    'handleProtocols' | 'perMessageDeflate' | 'WebSocket'
  > {
    /** Chooses the subprotocol; false or an empty string chooses none. Default: the first that the client asks for. */
    handleProtocols?: (protocols: Set<string>, request: InstanceType<V>) => string | false;
    /** Whether compression is negotiated with clients that offer it, and how. Default false. */
    perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined;
    /** The class of the connections. Default: that of the package. */
    WebSocket?: U | undefined;
  }
  /**
   * A WebSocket whose messages a `for await` loop takes: text as a string, binary data by `binaryType`. `await using` closes it. Every
   * WebSocket is one. The type is another, so that those of `@types/ws`, which have neither, can be assigned to `WebSocket`.
   */
  type IterableWebSocket<T = Self> = T & AsyncIterable<connection.IteratedMessage> & AsyncDisposable;
  /** A refusal of an upgrade, as `createRefusal()` makes it. */
  type Refusal = handshake.Refusal;
  type UpgradeRefusal = handshake.UpgradeRefusal;
  /** What `perMessageDeflate` of a client or a server can be, besides true and false. */
  interface PerMessageDeflateOptions extends Mutable<
    Omit<
      deflate.PerMessageDeflateOptions,
      'clientMaxWindowBits' | 'serverMaxWindowBits' | 'zlibDeflateOptions'
    >
  > {
    /** The window of the client's compressor, from 8 to 15 (RFC 7692 §7.1.2.2). */
    clientMaxWindowBits?: number | undefined;
    /** The window of the server's compressor, from 8 to 15 (RFC 7692 §7.1.2.1). */
    serverMaxWindowBits?: number | undefined;
    /** Options of zlib for compressing. `@types/ws` allows a list of dictionaries, which zlib rejects. */
    zlibDeflateOptions?:
      | (Omit<ZlibOptions, 'dictionary'> & { dictionary?: Buffer | Buffer[] | DataView | undefined })
      | undefined;
  }
  type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> =
    server.VerifyClientSync<Request>;
  type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> =
    server.VerifyClientAsync<Request>;
  /** The `code` of an error that framewire creates. */
  type ErrorCode =
    | ProtocolErrorCode
    | HandshakeErrors[keyof HandshakeErrors]['code']
    | 'WS_ERR_NOT_OPEN'
    | 'WS_ERR_AUTHENTICATION_FAILED'
    | 'WS_ERR_HEARTBEAT_TIMEOUT'
    | 'WS_ERR_BUFFERED_AMOUNT_EXCEEDED'
    | 'WS_ERR_MESSAGE_DROPPED'
    | 'WS_ERR_ILLEGAL_WINDOW_BITS'
    | 'WS_ERR_INVALID_EXTENSION_PARAMETER'
    | 'WS_ERR_MISSING_EXTENSION_PARAMETER'
    | 'WS_ERR_NO_ACCEPTABLE_EXTENSION_OFFER'
    | 'WS_ERR_REPEATED_EXTENSION_PARAMETER'
    | 'WS_ERR_UNEXPECTED_EXTENSION_PARAMETER'
    | 'WS_ERR_UNKNOWN_EXTENSION_PARAMETER';
  /** The argument of `error` and `wsClientError`. Errors from Node, zlib and the program have other codes, or none. */
  interface WebSocketError extends Error {
    // With plain `string` an editor would not complete the known codes.
    code?: ErrorCode | (string & {});
  }
  /** The events of the DOM's kind, by their properties: a test may make its own. */
  interface Event extends Pick<connection.Event<Self>, 'target' | 'type'> {}
  interface CloseEvent extends Event, Pick<connection.CloseEvent, 'code' | 'reason' | 'wasClean'> {}
  interface ErrorEvent extends Event, Pick<connection.ErrorEvent, 'error' | 'message'> {}
  interface MessageEvent extends Event, Pick<connection.MessageEvent, 'data'> {}
  interface WebSocketEventMap {
    open: Event;
    error: ErrorEvent;
    close: CloseEvent;
    message: MessageEvent;
  }
  interface EventListenerOptions extends connection.DomListenerOptions {}
  interface AddressInfo extends net.AddressInfo {}
}
