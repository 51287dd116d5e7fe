// The four parameters of permessage-deflate, as the list that the header holds and as a record (RFC 7692 §7.1). What
// an endpoint makes of them is the business of negotiation.ts.
import { refused, type Refused } from './negotiation-error.ts';

/** The name by which the extension is offered and accepted. */
export const EXTENSION_NAME = 'permessage-deflate';

/** The base-2 logarithm of the size of an LZ77 window: 256 bytes to 32 KiB (RFC 7692 §7.1.2). */
export type WindowBits = 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15;

/** One parameter as it stands in the header; the shape that `@framewire/handshake` reads and writes. */
export interface ExtensionParameter {
  readonly name: string;
  /** The value, unquoted; `true` for a parameter without one. */
  readonly value: string | true;
}

/** What one offer or one response says. */
export interface Parameters {
  /** The server compresses each message on its own (RFC 7692 §7.1.1.1). */
  readonly serverNoContextTakeover: boolean;
  /** The client compresses each message on its own (RFC 7692 §7.1.1.2). */
  readonly clientNoContextTakeover: boolean;
  /** The largest window of the server's compressor; `undefined` if not said, which means 15 (RFC 7692 §7.1.2.1). */
  readonly serverMaxWindowBits: WindowBits | undefined;
  /**
   * The largest window of the client's compressor; `undefined` if not said, which means 15. In an offer `true`, the
   * parameter without a value, only tells that the response may set it (RFC 7692 §7.1.2.2).
   */
  readonly clientMaxWindowBits: WindowBits | true | undefined;
}

/** Parameters, or why a list holds none. */
export type ParametersResult = { readonly ok: true; readonly parameters: Parameters } | Refused;

/** The names in the header, in the order in which they are written. */
const NAMES = {
  serverNoContextTakeover: 'server_no_context_takeover',
  clientNoContextTakeover: 'client_no_context_takeover',
  serverMaxWindowBits: 'server_max_window_bits',
  clientMaxWindowBits: 'client_max_window_bits',
} as const;

/** "A decimal integer value without leading zeroes between 8 to 15, inclusive" (RFC 7692 §7.1.2.1). */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/**
 * Reads the parameters of one offer or one response.
 *
 * Names like `constructor` or `__proto__` are unknown names like any other. The time is linear in the list.
 *
 * @param list - as `parseExtensions` of `@framewire/handshake` gives it
 * @param kind - a response must give `client_max_window_bits` a value, an offer need not (RFC 7692 §7.1.2.2)
 * @returns the parameters; or the breach: an unknown parameter, one that is repeated, one whose value is none of its
 * values (RFC 7692 §7.1). Nothing is thrown
 * @example
 * parseParameters([{ name: 'client_max_window_bits', value: true }]);
 * // { ok: true, parameters: { clientMaxWindowBits: true, serverNoContextTakeover: false, ... } }
 */
export function parseParameters(
  list: readonly ExtensionParameter[],
  kind: 'offer' | 'response' = 'offer',
): ParametersResult {
  const parameters: { -readonly [Name in keyof Parameters]: Parameters[Name] } = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  };
  // The search for a second one makes no square of it: the first name that is none of the four ends the loop.
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
 * Writes parameters as the list that goes into the header; the inverse of {@link parseParameters}. What was not said
 * is left out.
 */
export function formatParameters(parameters: Partial<Parameters>): ExtensionParameter[] {
  const list: ExtensionParameter[] = [];
  for (const key of Object.keys(NAMES) as (keyof Parameters)[]) {
    const value = parameters[key];
    if (value) list.push({ name: NAMES[key], value: value === true ? true : String(value) });
  }
  return list;
}

/** The name in the header, for errors. */
export function headerName(parameter: keyof Parameters): string {
  return NAMES[parameter];
}
