// The negotiation (RFC 7692 §5, §7.1): the server's answer to offers, the client's offer and its check of the answer. Pure functions
// of options and parameters.
import { refused, type Refused } from './negotiation-error.ts';
import {
  windowOption,
  type ClientNegotiationOptions,
  type ServerNegotiationOptions,
  type WindowOption,
} from './options.ts';
import {
  formatParameters,
  headerName,
  parseParameters,
  type NegotiationParameter,
  type Parameters,
  type WindowBits,
} from './parameters.ts';

/** What both ends agreed on, for both directions. */
export interface Agreement {
  /** The server compresses each message on its own. */
  readonly serverNoContextTakeover: boolean;
  /** The client compresses each message on its own. */
  readonly clientNoContextTakeover: boolean;
  /** The base-2 logarithm of the window of the server's compressor; 15 = no limit. */
  readonly serverMaxWindowBits: WindowBits;
  /** The base-2 logarithm of the window of the client's compressor; 15 = no limit. */
  readonly clientMaxWindowBits: WindowBits;
}

/** An offer that a server accepts. */
export interface Acceptance {
  readonly ok: true;
  /** The index of the accepted offer. */
  readonly index: number;
  /** The parameters of the response. */
  readonly params: NegotiationParameter[];
  readonly agreement: Agreement;
}

/** A response that a client accepts. */
export interface Confirmation {
  readonly ok: true;
  readonly agreement: Agreement;
}

/** One direction of a connection, as the transform at one end needs it. */
export interface DirectionView {
  /** The agreed window. An inflater may use a larger one. A compressor must refer back no farther. */
  readonly windowBits: WindowBits;
  /** Whether a message may refer back to earlier messages. */
  readonly takeover: boolean;
}

/** Both directions, seen from one end. */
export interface RoleView {
  readonly deflate: DirectionView;
  readonly inflate: DirectionView;
}

/**
 * How many offers of one header a server reads. It declines the rest without reading them. A client makes two or three, from the one
 * that it prefers to the one that every server accepts.
 */
export const MAX_OFFERS = 16;

/** The window of an end that did not limit it (RFC 7692 §7.1.2). */
const DEFAULT_WINDOW_BITS = 15;

type Checked<Options> = Options & {
  readonly serverMaxWindowBits: WindowOption;
  readonly clientMaxWindowBits: WindowOption;
};

function checked<Options extends ServerNegotiationOptions | ClientNegotiationOptions>(
  options: Options,
): Checked<Options> {
  return {
    ...options,
    serverMaxWindowBits: windowOption(options, 'serverMaxWindowBits'),
    clientMaxWindowBits: windowOption(options, 'clientMaxWindowBits'),
  };
}

/**
 * A server's answer to the offers of a client. It accepts the first acceptable offer. "A server MUST decline an extension negotiation
 * offer" that is malformed (RFC 7692 §7.1), so it skips those, like offers that the options do not allow.
 *
 * @param offers - the parameters of each permessage-deflate offer, in header order; at most {@link MAX_OFFERS} are read
 * @returns the answer and the agreement. If no offer is acceptable: the error of the first malformed one, or
 * `WS_ERR_NO_ACCEPTABLE_EXTENSION_OFFER` if none is malformed. The caller then decides: `ws` rejects the upgrade with status 400;
 * RFC 7692 §5 continues uncompressed. Do not call it for a client that offered nothing
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for invalid options
 * @example
 * const answer = acceptOffer([[{ name: 'client_max_window_bits', value: true }]], { clientMaxWindowBits: 10 });
 * // { ok: true, index: 0, params: [{ name: 'client_max_window_bits', value: '10' }], agreement: { ... } }
 */
export function acceptOffer(
  offers: readonly (readonly NegotiationParameter[])[],
  options: ServerNegotiationOptions = {},
): Acceptance | Refused {
  const wanted = checked(options);
  let malformed: Refused | undefined;
  for (const [index, list] of offers.slice(0, MAX_OFFERS).entries()) {
    const offer = parseParameters(list);
    if (!offer.ok) {
      malformed ??= offer;
      continue;
    }
    const response = answerTo(offer.parameters, wanted);
    if (!response) continue;
    return { ok: true, index, params: formatParameters(response), agreement: agreementOf(response) };
  }
  return malformed ?? refused('NO_ACCEPTABLE_OFFER');
}

/**
 * The response to one offer, or `undefined` to decline it. The table has the rows of each parameter. M and N stand for values from 8
 * to 15, and "any" includes absent:
 *
 * | parameter                  | option      | offer    | response |
 * | -------------------------- | ----------- | -------- | -------- |
 * | server_no_context_takeover | true        | any      | present  |
 * |                            | unset       | present  | present  |
 * |                            | unset       | absent   | absent   |
 * |                            | false       | present  | DECLINED |
 * |                            | false       | absent   | absent   |
 * | client_no_context_takeover | true        | any      | present  |
 * |                            | unset/false | present  | present  |
 * |                            | unset/false | absent   | absent   |
 * | server_max_window_bits     | M           | absent   | M        |
 * |                            | M           | N >= M   | M        |
 * |                            | M           | N < M    | DECLINED |
 * |                            | unset/true  | N        | N        |
 * |                            | false       | N        | DECLINED |
 * |                            | not M       | absent   | absent   |
 * | client_max_window_bits     | M           | no value | M        |
 * |                            | M           | N >= M   | M        |
 * |                            | M           | N < M    | DECLINED |
 * |                            | M           | absent   | DECLINED |
 * |                            | unset/true  | N        | N        |
 * |                            | unset/true  | no value | absent   |
 * |                            | unset/true  | absent   | absent   |
 * |                            | false       | any      | absent   |
 *
 * M cannot answer an absent client_max_window_bits: "the corresponding extension negotiation response to the offer MUST NOT include"
 * it then (RFC 7692 §7.1.2.2).
 */
function answerTo(offer: Parameters, wanted: Checked<ServerNegotiationOptions>): Parameters | undefined {
  if (offer.serverNoContextTakeover && wanted.serverNoContextTakeover === false) return undefined;
  const serverMaxWindowBits = serverWindowFor(offer.serverMaxWindowBits, wanted.serverMaxWindowBits);
  const clientMaxWindowBits = clientWindowFor(offer.clientMaxWindowBits, wanted.clientMaxWindowBits);
  if (serverMaxWindowBits === DECLINED || clientMaxWindowBits === DECLINED) return undefined;
  return {
    serverNoContextTakeover: offer.serverNoContextTakeover || wanted.serverNoContextTakeover === true,
    clientNoContextTakeover: offer.clientNoContextTakeover || wanted.clientNoContextTakeover === true,
    serverMaxWindowBits,
    clientMaxWindowBits,
  };
}

const DECLINED = 'declined';

function serverWindowFor(
  offered: Parameters['serverMaxWindowBits'],
  wanted: WindowOption,
): WindowBits | undefined | typeof DECLINED {
  if (typeof wanted === 'number') return offered === undefined || offered >= wanted ? wanted : DECLINED;
  return wanted === false && offered !== undefined ? DECLINED : offered;
}

function clientWindowFor(
  offered: Parameters['clientMaxWindowBits'],
  wanted: WindowOption,
): WindowBits | undefined | typeof DECLINED {
  if (typeof wanted === 'number') {
    return offered === true || (offered !== undefined && offered >= wanted) ? wanted : DECLINED;
  }
  return wanted === false || offered === true ? undefined : offered;
}

/**
 * The parameters of a client's offer. Without options it is `client_max_window_bits`.
 *
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for invalid options
 */
export function createOffer(options: ClientNegotiationOptions = {}): NegotiationParameter[] {
  return formatParameters(offered(checked(options)));
}

function offered(wanted: Checked<ClientNegotiationOptions>): Parameters {
  return {
    serverNoContextTakeover: wanted.serverNoContextTakeover === true,
    clientNoContextTakeover: wanted.clientNoContextTakeover === true,
    serverMaxWindowBits: wanted.serverMaxWindowBits || undefined,
    clientMaxWindowBits:
      wanted.clientMaxWindowBits === false ? undefined : (wanted.clientMaxWindowBits ?? true),
  };
}

/**
 * Reconstructs a client's options from its offer, for a proxy: `checkResponse(response, optionsOf(offer))`. An offer does not show
 * `clientNoContextTakeover: false`.
 */
export function optionsOf(offer: Parameters): ClientNegotiationOptions {
  return {
    serverNoContextTakeover: offer.serverNoContextTakeover,
    clientNoContextTakeover: offer.clientNoContextTakeover || undefined,
    serverMaxWindowBits: offer.serverMaxWindowBits,
    clientMaxWindowBits: offer.clientMaxWindowBits ?? false,
  };
}

/**
 * Checks, on a client, the response to the offer that {@link createOffer} made from the same options.
 *
 * @param params - the parameters of the response's only permessage-deflate element; the caller rejects a second one
 * @returns the agreement; or the broken rule, on which the client "MUST _Fail the WebSocket Connection_" (RFC 7692 §7.1). The message
 * is the reason as `ws` words it; `ws` itself then reports `Invalid Sec-WebSocket-Extensions header`
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for invalid options
 */
export function checkResponse(
  params: readonly NegotiationParameter[],
  options: ClientNegotiationOptions = {},
): Confirmation | Refused {
  const wanted = checked(options);
  const result = parseParameters(params, 'response');
  if (!result.ok) return result;
  const response = result.parameters;
  const breach = breachOf(response, wanted);
  if (breach) return breach;
  const own = offered(wanted);
  return {
    ok: true,
    agreement: agreementOf({
      ...response,
      clientNoContextTakeover: response.clientNoContextTakeover || own.clientNoContextTakeover,
      clientMaxWindowBits: response.clientMaxWindowBits ?? own.clientMaxWindowBits,
    }),
  };
}

/**
 * The rule that a response breaks. The table has the rows of each parameter. M and N stand for values from 8 to 15, and "any" includes
 * absent:
 *
 * | parameter                  | option           | offer    | response | agreement                      |
 * | -------------------------- | ---------------- | -------- | -------- | ------------------------------ |
 * | server_no_context_takeover | true             | present  | present  | yes                            |
 * |                            | true             | present  | absent   | REFUSED; not strict: no        |
 * |                            | unset/false      | absent   | present  | yes                            |
 * |                            | unset/false      | absent   | absent   | no                             |
 * | client_no_context_takeover | true             | present  | any      | yes                            |
 * |                            | unset            | absent   | present  | yes                            |
 * |                            | unset            | absent   | absent   | no                             |
 * |                            | false            | absent   | present  | REFUSED                        |
 * |                            | false            | absent   | absent   | no                             |
 * | server_max_window_bits     | M                | M        | N <= M   | N                              |
 * |                            | M                | M        | N > M    | REFUSED; not strict: N         |
 * |                            | M                | M        | absent   | REFUSED; not strict: 15        |
 * |                            | unset/true/false | absent   | N        | N                              |
 * |                            | unset/true/false | absent   | absent   | 15                             |
 * | client_max_window_bits     | M                | M        | N <= M   | N                              |
 * |                            | M                | M        | N > M    | REFUSED                        |
 * |                            | M                | M        | absent   | M                              |
 * |                            | unset/true       | no value | N        | N                              |
 * |                            | unset/true       | no value | absent   | 15                             |
 * |                            | false            | absent   | N        | REFUSED                        |
 * |                            | false            | absent   | absent   | 15                             |
 * |                            | any              |          | no value | REFUSED, as malformed          |
 *
 * The client does what it offered to do, whether or not the response repeats it (RFC 7692 §7.1.1.2, §7.1.2.2).
 */
function breachOf(response: Parameters, wanted: Checked<ClientNegotiationOptions>): Refused | undefined {
  if (response.clientNoContextTakeover && wanted.clientNoContextTakeover === false) {
    return refused('UNEXPECTED_PARAMETER', headerName('clientNoContextTakeover'));
  }
  if (exceeds(response.clientMaxWindowBits, wanted.clientMaxWindowBits)) {
    return refused('UNEXPECTED_OR_INVALID_PARAMETER', headerName('clientMaxWindowBits'));
  }
  return wanted.strict === false ? undefined : brokenRequest(response, wanted);
}

function exceeds(answered: Parameters['clientMaxWindowBits'], wanted: WindowOption): boolean {
  if (typeof answered !== 'number') return false;
  return wanted === false || (wanted !== undefined && answered > wanted);
}

/** What the client asked the server to do and the response does not grant. */
function brokenRequest(
  response: Parameters,
  { serverNoContextTakeover, serverMaxWindowBits }: Checked<ClientNegotiationOptions>,
): Refused | undefined {
  if (serverNoContextTakeover === true && !response.serverNoContextTakeover) {
    return refused('MISSING_PARAMETER', headerName('serverNoContextTakeover'));
  }
  if (!serverMaxWindowBits) return undefined;
  if (response.serverMaxWindowBits === undefined) {
    return refused('MISSING_PARAMETER', headerName('serverMaxWindowBits'));
  }
  return response.serverMaxWindowBits > serverMaxWindowBits
    ? refused('UNEXPECTED_OR_INVALID_PARAMETER', headerName('serverMaxWindowBits'))
    : undefined;
}

/** The agreement for the given parameters, with defaults for the absent ones. */
function agreementOf(parameters: Parameters): Agreement {
  const { clientMaxWindowBits } = parameters;
  return {
    serverNoContextTakeover: parameters.serverNoContextTakeover,
    clientNoContextTakeover: parameters.clientNoContextTakeover,
    serverMaxWindowBits: parameters.serverMaxWindowBits ?? DEFAULT_WINDOW_BITS,
    clientMaxWindowBits: typeof clientMaxWindowBits === 'number' ? clientMaxWindowBits : DEFAULT_WINDOW_BITS,
  };
}

/** Converts an agreement into the settings of the compressor and the inflater of one end. */
export function roleView(agreement: Agreement, role: 'server' | 'client'): RoleView {
  const server: DirectionView = {
    windowBits: agreement.serverMaxWindowBits,
    takeover: !agreement.serverNoContextTakeover,
  };
  const client: DirectionView = {
    windowBits: agreement.clientMaxWindowBits,
    takeover: !agreement.clientNoContextTakeover,
  };
  return role === 'server' ? { deflate: server, inflate: client } : { deflate: client, inflate: server };
}
