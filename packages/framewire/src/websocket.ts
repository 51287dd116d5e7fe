// The class that `require('framewire')` returns, and the types in its namespace.
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
 * A WebSocket: a client if created from a URL, and the class of a server's connections. The other exports of the package are its statics,
 * because programs that `require()` the package expect them there.
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

  /** Like the constructor of `@framewire/client`, with options that refer to this class. */
  constructor(address: null, protocols?: undefined, options?: WebSocket.ClientOptions);
  constructor(address: string | URL, options?: AnyOptions);
  constructor(address: string | URL, protocols?: client.Subprotocols, options?: AnyOptions);
  // The last overload matches `@types/ws`, because `ConstructorParameters` uses the last one.
  constructor(
    address: string | URL,
    protocols?: string | string[],
    options?: WebSocket.ClientOptions | ClientRequestArgs,
  );
  // Needed for its overloads.
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor
  constructor(address: string | URL | null, second?: client.Subprotocols | AnyOptions, third?: AnyOptions) {
    super(address, second, third);
  }
}

defineAddition(WebSocket.prototype, 'compression', (ws) => {
  // Checks the property, not the class: there may be two copies of the class, and a program may pass its own extension.
  const extension: (connection.Extension & { statistics?: deflate.CompressionStatistics }) | undefined =
    openPartOf(ws as unknown as WebSocketConnection)?.extension;
  return extension?.statistics;
});
ownMembers(WebSocket.prototype);

/** The options of a client, including those that `@types/ws` omits. */
type AnyOptions = WebSocket.ClientOptions | client.ClientOptions<WebSocket> | ClientRequestArgs;

// Aliases, because in the bundled types the members of the namespace shadow the classes.
type Self = WebSocket;
type SelfClass = typeof WebSocket;
type OwnDeflate = DeflateClass;
type OwnReceiver = ReceiverClass;
type OwnSender = SenderClass;
declare const ServerBase: typeof ServerClass;
type Message = typeof IncomingMessage;

/** A type without `readonly`. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type HandshakeErrors = typeof handshake.HANDSHAKE_ERRORS;

/**
 * The types, with the names of `@types/ws` and assignable to its types. They are interfaces where `@types/ws` has interfaces, so that a
 * program can merge its own properties with them. Merging requires the same names of type parameters.
 */
// Only a namespace can add types to the name of a class.
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
  /** The data of a received message. */
  type RawData = connection.RawData;
  /** The data that a DOM listener receives. */
  type Data = string | connection.RawData;
  /** A certificate or key. */
  type CertMeta = client.CertMeta;
  /** Bytes before and after compression in both directions, and the time that it took. */
  type CompressionStatistics = deflate.CompressionStatistics;
  /** Changes the request of a client and must end it. */
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
    /** Checks the server's certificate, like `tls.checkServerIdentity()`. An error rejects it. */
    // `@types/ws` requires a boolean, Node an error or undefined.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    checkServerIdentity?(servername: string, certificate: PeerCertificate & CertMeta): any;
    /** Creates the transport. Default: `net.connect()` or `tls.connect()`. */
    createConnection?: typeof net.createConnection | undefined;
    /** Changes the HTTP request and must end it. */
    finishRequest?: FinishRequestCallback | undefined;
    /** Fills the 4 bytes of each masking key synchronously. Default: random. */
    generateMask?(mask: Buffer): void;
    /** Additional headers of the request. */
    headers?: Record<string, string> | undefined;
    /** Ignored. The URL contains the host. */
    host?: string | undefined;
    /** Whether and how compression is offered to the server. Default true. */
    perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined;
    /** Ignored. Use the second argument or `protocols`. */
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
    /** Returns the subprotocol; false or an empty string chooses none. Default: the first one that the client requests. */
    handleProtocols?: (protocols: Set<string>, request: InstanceType<V>) => string | false;
    /** Whether and how compression is negotiated with clients that offer it. Default false. */
    perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined;
    /** The class of the connections. Default: `WebSocket`. */
    WebSocket?: U | undefined;
  }
  /**
   * A WebSocket that a `for await` loop can iterate (text as strings, binary data by `binaryType`) and that `await using` closes. Every
   * WebSocket can do both. The type is separate, so that the `WebSocket` of `@types/ws`, which can do neither, is assignable to ours.
   */
  type IterableWebSocket<T = Self> = T & AsyncIterable<connection.IteratedMessage> & AsyncDisposable;
  /** A refusal of an upgrade, which `createRefusal()` creates. */
  type Refusal = handshake.Refusal;
  type UpgradeRefusal = handshake.UpgradeRefusal;
  /** The options object of `perMessageDeflate`. */
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
  /** The argument of `error` and `wsClientError`. Errors of Node, zlib and the program have other codes or none. */
  interface WebSocketError extends Error {
    // With plain `string`, editors would not suggest the known codes.
    code?: ErrorCode | (string & {});
  }
  /** DOM events, declared by their properties, so that a test can create its own. */
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
