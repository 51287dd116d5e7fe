// The way of a request: what it has to pass before it may become a connection, and the response that opens one.
import type { Buffer } from 'node:buffer';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { DEFAULTS, limitOf } from '@framewire/connection';
import {
  acceptUpgrade,
  checkUpgradeRequest,
  createRefusal,
  formatHead,
  formatRefusal,
  refusalOf,
  type Refusal,
} from '@framewire/handshake';
import { negotiateCompression, type Compression } from './compression.ts';
import { HandshakeDeadline, type HandshakeLimits } from './handshake-deadline.ts';
import type { ClientInfo, ServerOptions, VerifyClientAsync, VerifyClientSync } from './options.ts';
import { allowsOrigin, type Origins } from './origin.ts';
import { destroyOnThrow } from './refusal.ts';

/** What the response to a request has to say. */
interface Terms {
  /** The value of `Sec-WebSocket-Key`. */
  readonly key: string;
  /** The subprotocols that the client asks for, the preferred one first. */
  readonly subprotocols: Set<string>;
  /** The extension that was negotiated. */
  readonly compression: Compression | undefined;
}

/** A request that may become a connection, and everything that it takes to make it one. */
export interface AdmittedUpgrade<Socket, Request> extends Terms {
  readonly request: Request;
  /** The stream that the request came on. */
  readonly socket: Duplex;
  /** What was read behind the request. */
  readonly head: Buffer;
  /** Called with the connection. */
  readonly callback: { connected(ws: Socket, request: Request): void }['connected'];
}

/** A request that is in order, with what it says of its client; or the refusal, whose `code` is that of the rule that it breaks. */
export type Examination =
  | ({ readonly ok: true; readonly origin: string | undefined } & Terms)
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Checks what the server can judge by itself, in this order:
 *
 * | must hold                                                  | else                   |
 * | ---------------------------------------------------------- | ---------------------- |
 * | the request follows the rules (RFC 6455 §4.2.1)            | 400 or 405, and a code |
 * | it is for this server                                      | 400                    |
 * | its origin is one of those that are allowed                | 403                    |
 * | what it offers of permessage-deflate is well formed        | 400, and a code        |
 */
export function examine<Request extends IncomingMessage>(
  request: Request,
  options: Pick<ServerOptions, 'allowMissingOrigin' | 'maxPayload' | 'perMessageDeflate'>,
  origins: Origins | undefined,
  isForServer: (request: Request) => boolean,
): Examination {
  const check = checkUpgradeRequest(request, { strict: false });
  if (!check.ok) return check;
  if (!isForServer(request)) return { ok: false, refusal: createRefusal(400) };
  const { allowMissingOrigin = false, perMessageDeflate } = options;
  const maxPayload = limitOf(options.maxPayload, DEFAULTS.maxPayload);
  if (origins !== undefined) {
    const { origin } = check;
    const isAllowed =
      origin === undefined ? allowMissingOrigin : allowsOrigin(origins, origin, request.headers.host);
    if (!isAllowed) return { ok: false, refusal: createRefusal(403) };
  }
  const compression = negotiateCompression(check.extensions, perMessageDeflate, maxPayload);
  if (compression === 'refused') return { ok: false, refusal: refusalOf('INVALID_EXTENSION_OFFER') };
  const { key, subprotocols, origin } = check;
  return { ok: true, key, subprotocols, origin, compression };
}

/** What comes of the application's judgement of a client. */
export interface Judgement {
  admit(): void;
  refuse(refusal: Refusal): void;
  /** The answer means nothing, or cannot be sent. */
  fault(error: Error): void;
}

/**
 * Asks the application whether a client may connect, and calls one method of `judgement`: before it returns, or later. If no answer
 * has come in time, the client is refused, and none is called.
 */
export function verify<Request extends IncomingMessage>(
  verifyClient: VerifyClientAsync<Request> | VerifyClientSync<Request> | null | undefined,
  origin: string | undefined,
  request: Request,
  socket: Duplex,
  limits: HandshakeLimits,
  judgement: Judgement,
): void {
  if (!verifyClient) {
    judgement.admit();
    return;
  }
  const secure = 'encrypted' in request.socket && Boolean(request.socket.encrypted);
  const info = { origin, secure, req: request } as ClientInfo<Request>;
  // The two kinds of `ws` are told apart by how many parameters they declare.
  if (verifyClient.length === 2) {
    const deadline = new HandshakeDeadline(socket, 503, limits);
    limits.waiting.add(deadline);
    socket.once('close', () => limits.waiting.delete(deadline));
    void (verifyClient as VerifyClientAsync<Request>)(info, (verified, code, message, headers) => {
      limits.waiting.delete(deadline);
      if (deadline.hasPassed) return;
      deadline.end();
      // It may come when nobody above would catch what a listener throws: the socket must not wait indefinitely.
      destroyOnThrow(socket, () => {
        judge(verified, judgement, code, message, headers);
      });
    });
  } else judge((verifyClient as VerifyClientSync<Request>)(info), judgement);
}

/** Acts upon an answer. A program without types may answer anything: what cannot be sent is a fault, never an exception. */
function judge(
  verified: unknown,
  judgement: Judgement,
  code?: number | string,
  message?: string,
  headers?: OutgoingHttpHeaders | null,
): void {
  let refusal: Refusal | undefined;
  try {
    if (!isYes(verified)) {
      refusal = createRefusal(Number(code || 401), message, headers ?? {});
      formatRefusal(refusal);
    }
  } catch (error) {
    judgement.fault(error as Error);
    return;
  }
  if (refusal === undefined) judgement.admit();
  else judgement.refuse(refusal);
}

/**
 * Whether an answer lets a client in. A promise is true whatever becomes of it, so it would let everybody in; and the types let an
 * `async` function pass, as one that calls back and uses no parameter for that.
 */
function isYes(answer: unknown): boolean {
  if (typeof (answer as PromiseLike<unknown> | null | undefined)?.then === 'function') {
    throw new TypeError(
      'verifyClient answered with a promise: to answer later, declare a second parameter and call it back with true or false',
    );
  }
  return Boolean(answer);
}

/** The subprotocol of a connection: the application's choice, else the first that the client asks for; empty for none. */
export function chooseSubprotocol<Request>(
  offered: Set<string>,
  handleProtocols: ((protocols: Set<string>, request: Request) => string | false) | null | undefined,
  request: Request,
): string {
  if (offered.size === 0) return '';
  if (handleProtocols) return handleProtocols(offered, request) || '';
  const [first = ''] = offered;
  return first;
}

/**
 * The response that opens a connection (RFC 6455 §4.2.2), or the error that keeps it from being written.
 *
 * @param change may change the lines
 */
export function writeResponse(
  { key, compression }: Terms,
  protocol: string,
  change: (lines: string[]) => void,
): Uint8Array | Error {
  let lines: string[];
  try {
    lines = acceptUpgrade({ key, protocol, extensions: compression && [compression.response] });
  } catch (error) {
    return error as Error;
  }
  // Outside of the attempts: an exception of the application is its own.
  change(lines);
  try {
    return formatHead(lines.map(String));
  } catch (error) {
    return error as Error;
  }
}
