// The options of a client, and their defaults.
import type { ClientRequest, ClientRequestArgs, OutgoingHttpHeaders } from 'node:http';
import type { createConnection } from 'node:net';
import type { PeerCertificate, SecureContextOptions, ConnectionOptions as TlsOptions } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from '@framewire/connection';
import type { PerMessageDeflateOption } from '@framewire/permessage-deflate';

/** Options for `http.request()` or `https.request()`: TLS options, `agent`, `localAddress`, `family`, ... */
type RequestOptions = Omit<
  ClientRequestArgs & SecureContextOptions & TlsOptions,
  | 'checkServerIdentity'
  | 'createConnection'
  | 'headers'
  | 'host'
  | 'hostname'
  | 'method'
  | 'path'
  | 'port'
  | 'protocol'
  | 'signal'
  | 'timeout'
>;

/** The type that `ws` declares for certificates. */
export type CertMeta = string | string[] | Buffer | Buffer[];

/** The type of a method, so that a callback may declare a subclass as its parameter. */
interface FinishRequest<Socket> {
  end(request: ClientRequest, ws: Socket): void;
}

/** The options of a client. Other options are passed to `http.request()` or `https.request()`. */
export interface ClientOptions<Socket = unknown> extends ConnectionOptions, RequestOptions {
  /** The subprotocols to request, unless they are the second argument. Default: none. */
  protocols?: string | readonly string[] | undefined;
  /** The version of the protocol: 13, or 8 for a draft with the same frames. Default 13. */
  protocolVersion?: number | undefined;
  /** The value of `Origin`, or of `Sec-WebSocket-Origin` in version 8. Default: none. */
  origin?: string | undefined;
  /** More request headers. Those of the handshake take precedence. Default: none. */
  headers?: OutgoingHttpHeaders | undefined;
  /** Whether to offer compression (RFC 7692), and its settings. Default true: the server may choose all parameters. */
  perMessageDeflate?: PerMessageDeflateOption | undefined;
  /** The timeout of the opening handshake in ms. It starts again with each redirect. Default: no limit, like 0. */
  handshakeTimeout?: number | undefined;
  /** Whether to follow redirects (301, 302, 303, 307, 308). Default false. */
  followRedirects?: boolean | undefined;
  /** The maximum number of redirects; 0 = none. Default 10. */
  maxRedirects?: number | undefined;
  /** Fills the 4 bytes of each masking key, synchronously. Default: random bytes, which RFC 6455 §10.3 requires. */
  generateMask?: ((mask: Buffer) => void) | undefined;
  /** Ends the HTTP request in place of the client. It may change the request first. */
  finishRequest?: FinishRequest<Socket>['end'] | undefined;
  /**
   * Aborts the attempt to connect: `error` with an `AbortError`, then `close`. An open connection is closed with 1001. Default: none.
   */
  signal?: AbortSignal | undefined;
  /** Creates the transport. Default: `net.connect()` or `tls.connect()`. */
  createConnection?:
    | ((options: ClientRequestArgs, onCreate: (error: Error | null, socket: Duplex) => void) => Duplex)
    | typeof createConnection
    | undefined;
  /** Checks the server's certificate, like `tls.checkServerIdentity()`. An error rejects it. */
  checkServerIdentity?:
    | ((servername: string, certificate: PeerCertificate & CertMeta) => Error | boolean | undefined)
    | undefined;
  /** No effect: use the second argument or `protocols`. Declared because the options of `ws` have it. */
  protocol?: string | null | undefined;
  /** No effect, because the URL has the host. Declared because options for other requests have it. */
  host?: string | null | undefined;
}
