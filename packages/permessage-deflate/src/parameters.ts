// The four parameters of permessage-deflate, as the list in the header and as a record (RFC 7692 §7.1).
import { refused, type Refused } from './negotiation-error.ts';

/** The name of the extension in the header. */
export const EXTENSION_NAME = 'permessage-deflate';

/** The base-2 logarithm of the size of an LZ77 window: 256 bytes to 32 KiB (RFC 7692 §7.1.2). */
export type WindowBits = 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15;

/** One parameter in the header. `@framewire/handshake` reads and writes the same shape. */
export interface NegotiationParameter {
  readonly name: string;
  /** The value, unquoted; `true` for a parameter without one. */
  readonly value: string | true;
}

/** The contents of one offer or one response. */
export interface Parameters {
  /** The server compresses each message on its own (RFC 7692 §7.1.1.1). */
  readonly serverNoContextTakeover: boolean;
  /** The client compresses each message on its own (RFC 7692 §7.1.1.2). */
  readonly clientNoContextTakeover: boolean;
  /** The largest window of the server's compressor; `undefined` (absent) means 15 (RFC 7692 §7.1.2.1). */
  readonly serverMaxWindowBits: WindowBits | undefined;
  /**
   * The largest window of the client's compressor; `undefined` (absent) means 15. `true` (in an offer, without a value) only allows the
   * response to set it (RFC 7692 §7.1.2.2).
   */
  readonly clientMaxWindowBits: WindowBits | true | undefined;
}

/** The parameters, or the rule that a list breaks. */
export type ParametersResult = { readonly ok: true; readonly parameters: Parameters } | Refused;

/** The names in the header, in the order in which they are written. */
const NAMES = {
  serverNoContextTakeover: 'server_no_context_takeover',
  clientNoContextTakeover: 'client_no_context_takeover',
  serverMaxWindowBits: 'server_max_window_bits',
  clientMaxWindowBits: 'client_max_window_bits',
} as const;

/** "A decimal integer value without leading zeroes between 8 to 15, inclusive" (RFC 7692 §7.1.2.1). */
export const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/**
 * Reads the parameters of one offer or one response. Takes linear time.
 *
 * @param list - as `parseExtensions` of `@framewire/handshake` returns it
 * @param kind - a response must give `client_max_window_bits` a value, but an offer need not (RFC 7692 §7.1.2.2)
 * @returns the parameters; or the broken rule: an unknown parameter, a repeated one, or an invalid value (RFC 7692 §7.1). Nothing is
 * thrown
 * @example
 * parseParameters([{ name: 'client_max_window_bits', value: true }]);
 * // { ok: true, parameters: { clientMaxWindowBits: true, serverNoContextTakeover: false, ... } }
 */
export function parseParameters(
  list: readonly NegotiationParameter[],
  kind: 'offer' | 'response' = 'offer',
): ParametersResult {
  const parameters: { -readonly [Name in keyof Parameters]: Parameters[Name] } = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  };
  // The nested search for duplicates stays linear, because the first unknown name ends the loop.
  for (const { name, value } of list) {
    if (list.filter((other) => other.name === name).length > 1) return refused('REPEATED_PARAMETER', name);
    const invalid = (): Refused => refused('INVALID_PARAMETER', name, String(value));
    switch (name) {
      case NAMES.serverNoContextTakeover:
        if (value !== true) return invalid();
        parameters.serverNoContextTakeover = true;
        break;
      case NAMES.clientNoContextTakeover:
        if (value !== true) return invalid();
        parameters.clientNoContextTakeover = true;
        break;
      case NAMES.serverMaxWindowBits:
        if (!isWindowBits(value)) return invalid();
        parameters.serverMaxWindowBits = Number(value) as WindowBits;
        break;
      case NAMES.clientMaxWindowBits:
        if (value === true && kind === 'offer') parameters.clientMaxWindowBits = true;
        else if (isWindowBits(value)) parameters.clientMaxWindowBits = Number(value) as WindowBits;
        else return invalid();
        break;
      default:
        return refused('UNKNOWN_PARAMETER', name);
    }
  }
  return { ok: true, parameters };
}

function isWindowBits(value: string | true): boolean {
  return value !== true && WINDOW_BITS.test(value);
}

/**
 * Writes parameters as the list for the header; the inverse of {@link parseParameters}. Omits absent ones.
 */
export function formatParameters(parameters: Partial<Parameters>): NegotiationParameter[] {
  const list: NegotiationParameter[] = [];
  for (const key of Object.keys(NAMES) as (keyof Parameters)[]) {
    const value = parameters[key];
    if (value) list.push({ name: NAMES[key], value: value === true ? true : String(value) });
  }
  return list;
}

/** The name of a parameter in the header, for errors. */
export function headerName(parameter: keyof Parameters): string {
  return NAMES[parameter];
}
