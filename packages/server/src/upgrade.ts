// Checks an upgrade request, and writes the response that opens the connection.
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
import { awaitAnswer, type HandshakeLimits } from './handshake-deadline.ts';
import type { ClientInfo, ServerOptions, VerifyClientAsync, VerifyClientSync } from './options.ts';
import { allowsOrigin, type Origins } from './origin.ts';
import { destroyOnThrow } from './refusal.ts';

/** What the response is made from. */
interface Terms {
  /** The value of `Sec-WebSocket-Key`. */
  readonly key: string;
  /** The subprotocols that the client requests, in order of preference. */
  readonly subprotocols: Set<string>;
  /** The negotiated extension. */
  readonly compression: Compression | undefined;
}

/** A request that has passed every check, with everything that is needed to open the connection. */
export interface AdmittedUpgrade<Socket, Request> extends Terms {
  readonly request: Request;
  /** The stream of the request. */
  readonly socket: Duplex;
  /** Bytes that were read after the request. */
  readonly head: Buffer;
  /** Called with the connection. */
  readonly callback: { connected(ws: Socket, request: Request): void }['connected'];
}

/** The values of a valid request, or a refusal. The refusal has a `code` if the request breaks a rule of the protocol. */
export type Examination =
  | ({ readonly ok: true; readonly origin: string | undefined } & Terms)
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Checks everything before the application is asked, in this order:
 *
 * | condition                                       | otherwise              |
 * | ----------------------------------------------- | ---------------------- |
 * | the request follows the rules (RFC 6455 §4.2.1) | 400 or 405, and a code |
 * | the request is for this server                  | 400                    |
 * | the origin is allowed                           | 403                    |
 * | the extension offers are well formed            | 400, and a code        |
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

/** Receives the result of `verifyClient`. */
export interface Judgement {
  admit(): void;
  refuse(refusal: Refusal): void;
  /** Called when the answer is invalid or cannot be sent. */
  fault(error: Error): void;
}

/**
 * Asks the application whether a client may connect. Calls one method of `judgement`, either before this function returns or later. If the
 * application does not answer within the time limit, refuses the client and calls no method.
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
  // `ws` distinguishes the two kinds by the number of declared parameters.
  if (verifyClient.length === 2) {
    const deadline = awaitAnswer(socket, 503, limits);
    void (verifyClient as VerifyClientAsync<Request>)(info, (verified, code, message, headers) => {
      if (deadline.hasPassed) return;
      deadline.end();
      // After an asynchronous answer, nothing above catches an exception from a listener. The socket must not stay open indefinitely.
      destroyOnThrow(socket, () => {
        judge(verified, judgement, code, message, headers);
      });
    });
  } else judge((verifyClient as VerifyClientSync<Request>)(info), judgement);
}

/** Handles an answer. A JavaScript program may pass any value. An answer that cannot be sent is a fault, not an exception. */
function judge(
  verified: unknown,
  judgement: Judgement,
  code?: number | string,
  message?: string,
  headers?: OutgoingHttpHeaders | null,
): void {
  let refusal: Refusal | undefined;
  try {
    if (!isAccepted(verified)) {
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
 * Whether an answer admits the client. A promise is truthy, so it would admit every client. The types reject a promise with an answer,
 * but a JavaScript program may return one.
 */
function isAccepted(answer: unknown): boolean {
  if (typeof (answer as PromiseLike<unknown> | null | undefined)?.then === 'function') {
    throw new TypeError(
      'verifyClient answered with a promise: to answer later, declare a second parameter and call it with true or false',
    );
  }
  return Boolean(answer);
}

/** Returns the subprotocol: the application's choice, or by default the first one that the client requests. Empty for none. */
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
 * Returns the response that opens a connection (RFC 6455 §4.2.2), or an error if the lines are invalid.
 *
 * @param change called with the lines, which it may change
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
  // Outside the `try` block, because an exception from a listener of the application must not become a refusal.
  change(lines);
  try {
    return formatHead(lines.map(String));
  } catch (error) {
    return error as Error;
  }
}
