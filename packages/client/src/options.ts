// What can be set for a client, with the defaults.
import type { ClientRequest, ClientRequestArgs, OutgoingHttpHeaders } from 'node:http';
import type { createConnection } from 'node:net';
import type { PeerCertificate, SecureContextOptions, ConnectionOptions as TlsOptions } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from '@framewire/connection';
import type { PerMessageDeflateOption } from '@framewire/permessage-deflate';

/** What is passed on to `http.request()` or `https.request()`: TLS options, `agent`, `localAddress`, `family`, ... */
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

/** What programs that are written for `ws` take a certificate for. */
export type CertMeta = string | string[] | Buffer | Buffer[];

/** A method's type, so that a callback may ask for the class of a layer above. */
interface FinishRequest<Socket> {
  end(request: ClientRequest, ws: Socket): void;
}

/** The options of a client. Those that are not listed here are passed on to `http.request()` or `https.request()`. */
export interface ClientOptions<Socket = unknown> extends ConnectionOptions, RequestOptions {
  /** The subprotocols to ask for, when they are not the second argument. Default: none. */
  protocols?: string | readonly string[] | undefined;
  /** The version of the protocol: 13, or 8 for a draft with the same frames. Default 13. */
  protocolVersion?: number | undefined;
  /** The value of `Origin`, in version 8 of `Sec-WebSocket-Origin`. Default: none. */
  origin?: string | undefined;
  /** More headers of the request. */
  headers?: OutgoingHttpHeaders | undefined;
  /**
   * Whether compression is offered to the server (RFC 7692), and how it is done. Default true: offered, and done as the server
   * chooses.
   */
  perMessageDeflate?: PerMessageDeflateOption | undefined;
  /** How long the opening handshake may take, in ms; begun anew for each redirect. Default, and with 0: no limit. */
  handshakeTimeout?: number | undefined;
  /** Whether redirects (301, 302, 303, 307, 308) are followed. Default false. */
  followRedirects?: boolean | undefined;
  /** How many redirects are followed. Default 10. */
  maxRedirects?: number | undefined;
  /** Fills the 4 bytes of each masking key, at once. Default: random (RFC 6455 §10.3 says why it has to be). */
  generateMask?: ((mask: Buffer) => void) | undefined;
  /** Ends the HTTP request in place of the client, after changing it. */
  finishRequest?: FinishRequest<Socket>['end'] | undefined;
  /**
   * Gives the attempt to connect up when it aborts: `error` with an `AbortError`, then `close`. Once the connection is open, it is
   * closed with 1001. Default: none.
   */
  signal?: AbortSignal | undefined;
  /** Makes the transport. Default: `net.connect()` or `tls.connect()`. */
  createConnection?:
    | ((options: ClientRequestArgs, onCreate: (error: Error | null, socket: Duplex) => void) => Duplex)
    | typeof createConnection
    | undefined;
  /** Judges the server's certificate, as `tls.checkServerIdentity()` does: an error refuses it. */
  checkServerIdentity?:
    | ((servername: string, certificate: PeerCertificate & CertMeta) => Error | boolean | undefined)
    | undefined;
  /** Of no effect: the second argument and `protocols` say it. Here because the options of `ws` have it. */
  protocol?: string | null | undefined;
  /** Of no effect: the URL says it. Here because options that are made for other requests have it. */
  host?: string | null | undefined;
}
