// The result of an offer and of a response of permessage-deflate, parameter by parameter (RFC 7692 §7.1).

/** The four parameters: windows are numbers, and `client_max_window_bits` without a value is `true`. */
export interface ParameterSet {
  server_no_context_takeover?: true;
  client_no_context_takeover?: true;
  server_max_window_bits?: number;
  client_max_window_bits?: number | true;
}

export interface Wanted {
  readonly serverNoContextTakeover?: boolean | undefined;
  readonly clientNoContextTakeover?: boolean | undefined;
  readonly serverMaxWindowBits?: number | boolean | undefined;
  readonly clientMaxWindowBits?: number | boolean | undefined;
}

export type List = readonly { readonly name: string; readonly value: string | true }[];

/** §7.1: the parameters of a list; undefined if an endpoint must not accept it. */
export function readParameters(list: List, kind: 'offer' | 'response'): ParameterSet | undefined {
  if (new Set(list.map(({ name }) => name)).size < list.length) return undefined;
  const parameters: ParameterSet = {};
  for (const { name, value } of list) {
    switch (name) {
      case 'server_no_context_takeover':
      case 'client_no_context_takeover':
        if (value !== true) return undefined;
        parameters[name] = true;
        break;
      case 'server_max_window_bits':
      case 'client_max_window_bits': {
        const bare = value === true && name === 'client_max_window_bits' && kind === 'offer';
        if (bare) parameters.client_max_window_bits = true;
        else if (value !== true && ['8', '9', '10', '11', '12', '13', '14', '15'].includes(value))
          parameters[name] = Number(value);
        else return undefined;
        break;
      }
      default:
        return undefined;
    }
  }
  return parameters;
}

/** §7.1.1, §7.1.2: a server's answer to one offer; undefined if its options forbid every answer. */
export function answerOf(offer: ParameterSet, wanted: Wanted): ParameterSet | undefined {
  const answer: ParameterSet = {};
  if (offer.server_no_context_takeover && wanted.serverNoContextTakeover === false) return undefined;
  if (offer.server_no_context_takeover || wanted.serverNoContextTakeover)
    answer.server_no_context_takeover = true;
  if (offer.client_no_context_takeover || wanted.clientNoContextTakeover)
    answer.client_no_context_takeover = true;

  const serverLimit = wanted.serverMaxWindowBits;
  const offeredServer = offer.server_max_window_bits;
  if (
    offeredServer !== undefined &&
    (serverLimit === false || offeredServer < Number(typeof serverLimit === 'number' && serverLimit))
  ) {
    return undefined;
  }
  const server = typeof serverLimit === 'number' ? serverLimit : offeredServer;
  if (server !== undefined) answer.server_max_window_bits = server;

  const clientLimit = wanted.clientMaxWindowBits;
  const offeredClient = offer.client_max_window_bits;
  if (typeof clientLimit === 'number') {
    if (offeredClient === undefined || (offeredClient !== true && offeredClient < clientLimit))
      return undefined;
    answer.client_max_window_bits = clientLimit;
  } else if (clientLimit !== false && typeof offeredClient === 'number') {
    answer.client_max_window_bits = offeredClient;
  }
  return answer;
}

/** The windows and contexts of both ends after an answer. */
export function agreementOf(answer: ParameterSet): Record<string, unknown> {
  const { client_max_window_bits: client } = answer;
  return {
    serverNoContextTakeover: answer.server_no_context_takeover ?? false,
    clientNoContextTakeover: answer.client_no_context_takeover ?? false,
    serverMaxWindowBits: answer.server_max_window_bits ?? 15,
    clientMaxWindowBits: typeof client === 'number' ? client : 15,
  };
}

/** §7.1: whether a client accepts a response to the offer that follows from its options. */
export function isFitting(response: ParameterSet, wanted: Wanted): boolean {
  if (response.client_no_context_takeover && wanted.clientNoContextTakeover === false) return false;
  if (typeof response.client_max_window_bits === 'number') {
    if (wanted.clientMaxWindowBits === false) return false;
    if (
      typeof wanted.clientMaxWindowBits === 'number' &&
      response.client_max_window_bits > wanted.clientMaxWindowBits
    )
      return false;
  }
  if (wanted.serverNoContextTakeover === true && !response.server_no_context_takeover) return false;
  if (typeof wanted.serverMaxWindowBits === 'number') {
    return (response.server_max_window_bits ?? 16) <= wanted.serverMaxWindowBits;
  }
  return true;
}
