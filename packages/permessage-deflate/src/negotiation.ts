// What two endpoints agree on: the server's answer to the offers, the client's offer and its check of the answer
// (RFC 7692 §5, §7.1). Pure: options and parameters in, a decision out.
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
  type ExtensionParameter,
  type Parameters,
  type WindowBits,
} from './parameters.ts';

/** What both directions of a connection keep to from now on. */
export interface Agreement {
  /** The server compresses each message on its own. */
  readonly serverNoContextTakeover: boolean;
  /** The client compresses each message on its own. */
  readonly clientNoContextTakeover: boolean;
  /** The server's compressor refers back by no more than 2 to the power of this many bytes; 15 if nobody said. */
  readonly serverMaxWindowBits: WindowBits;
  /** The client's compressor refers back by no more than 2 to the power of this many bytes; 15 if nobody said. */
  readonly clientMaxWindowBits: WindowBits;
}

/** An offer that a server accepts. */
export interface Acceptance {
  readonly ok: true;
  /** Which of the offers, from 0. */
  readonly index: number;
  /** The parameters of the response. */
  readonly params: ExtensionParameter[];
  readonly agreement: Agreement;
}

/** A response that a client takes. */
export interface Confirmation {
  readonly ok: true;
  readonly agreement: Agreement;
}

/** One direction of a connection, as the transform at one of its ends needs it. */
export interface DirectionView {
  /**
   * The window that was agreed on. An inflater may use a larger one, 15 fits all; a compressor must refer back no
   * further. With 8 that is 256 bytes: zlib has no raw compressor of that name, but one made with 9 never refers back by
   * more than 250 bytes, because it keeps 262 of the 512 for what it looks ahead at; Node's zlib puts 9 in the place of
   * 8 by itself. So both roles can agree to 8 and keep to it.
   */
  readonly windowBits: WindowBits;
  /** Whether a message may refer back into the messages before it. */
  readonly takeover: boolean;
}

/** Both directions, as seen from one end. */
export interface RoleView {
  readonly deflate: DirectionView;
  readonly inflate: DirectionView;
}

/**
 * How many offers of one header a server looks at; the rest is declined unseen. A client makes two or three, from the one that it
 * likes best to the one that any server accepts.
 */
export const MAX_OFFERS = 16;

/** The window of whoever did not limit it (RFC 7692 §7.1.2). */
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
 * A server's answer to the offers of a client: the first acceptable one is accepted. "A server MUST decline an
 * extension negotiation offer" that is malformed (RFC 7692 §7.1); it is passed over, as one that the options do not
 * allow.
 *
 * @param offers - the parameters of each offer of permessage-deflate, in the order of the header; no more than the first
 * {@link MAX_OFFERS} are looked at
 * @returns what to answer and what is agreed on; or, where no offer can be accepted, the first breach of a malformed one
 * or else `WS_ERR_NO_ACCEPTABLE_EXTENSION_OFFER`. What to do then is the caller's choice: `ws` refuses the upgrade with
 * the status 400, RFC 7692 §5 would have it go on uncompressed. A client that offered nothing is not asked about here.
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for options that are none
 * @example
 * const answer = acceptOffer([[{ name: 'client_max_window_bits', value: true }]], { clientMaxWindowBits: 10 });
 * // { ok: true, index: 0, params: [{ name: 'client_max_window_bits', value: '10' }], agreement: { ... } }
 */
export function acceptOffer(
  offers: readonly (readonly ExtensionParameter[])[],
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
 * The response to one offer, or nothing for one that is declined. Parameter by parameter, with M and N for values from
 * 8 to 15; "any" includes the absence:
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
 * M cannot answer an absent client_max_window_bits: "the corresponding extension negotiation response to the offer MUST
 * NOT include" it then (RFC 7692 §7.1.2.2).
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
 * What a client offers: the parameters of one offer, `client_max_window_bits` for no options.
 *
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for options that are none
 */
export function createOffer(options: ClientNegotiationOptions = {}): ExtensionParameter[] {
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
 * The options of a client by its offer, for who only saw the offer go by: `checkResponse(response, optionsOf(offer))`.
 * The one thing that an offer does not tell is `clientNoContextTakeover: false`.
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
 * A client's check of what the server answered to the offer that {@link createOffer} made of the same options.
 *
 * @param params - the parameters of the one permessage-deflate of the response. A response that names it twice accepts
 * more than was offered; the caller refuses it
 * @returns what is agreed on; or the breach, on which the client "MUST _Fail the WebSocket Connection_" (RFC 7692 §7.1).
 * The message is that of `ws` for the reason; `ws` itself then says `Invalid Sec-WebSocket-Extensions header`
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for options that are none
 */
export function checkResponse(
  params: readonly ExtensionParameter[],
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
 * What a response breaks. Parameter by parameter, with M and N for values from 8 to 15; "any" includes the absence:
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
 * What the client offered about itself it keeps to whether or not the server repeats it (RFC 7692 §7.1.1.2, §7.1.2.2).
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

/** What the client asked of the server and the response does not give. */
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

/** What parameters come to when the rest is as if nobody had said anything. */
function agreementOf(parameters: Parameters): Agreement {
  const { clientMaxWindowBits } = parameters;
  return {
    serverNoContextTakeover: parameters.serverNoContextTakeover,
    clientNoContextTakeover: parameters.clientNoContextTakeover,
    serverMaxWindowBits: parameters.serverMaxWindowBits ?? DEFAULT_WINDOW_BITS,
    clientMaxWindowBits: typeof clientMaxWindowBits === 'number' ? clientMaxWindowBits : DEFAULT_WINDOW_BITS,
  };
}

/** What an agreement means for the compressor and the inflater of one end. */
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
