// What an endpoint wants of a negotiation: the options of each role, with the names and the meaning that `ws` gave
// them.
import { negotiationError } from './negotiation-error.ts';
import type { WindowBits } from './parameters.ts';

/** What a server makes of offers. Left out, an option is open to what the client asks for. */
export interface ServerNegotiationOptions {
  /**
   * Whether the server compresses each message on its own, `server_no_context_takeover`: `true` does so whatever the
   * offer says, `false` declines an offer that asks for it, by default the client chooses (RFC 7692 §7.1.1.1).
   */
  readonly serverNoContextTakeover?: boolean | undefined;
  /**
   * Whether the client has to compress each message on its own, `client_no_context_takeover`: `true` tells it to, else
   * the client chooses (RFC 7692 §7.1.1.2).
   */
  readonly clientNoContextTakeover?: boolean | undefined;
  /**
   * The window of the server's compressor, `server_max_window_bits`, from 8 to 15: an offer of a smaller one is
   * declined. `false` declines every offer that limits it; by default, and with `true`, the client chooses
   * (RFC 7692 §7.1.2.1).
   */
  readonly serverMaxWindowBits?: number | boolean | undefined;
  /**
   * The window of the client's compressor, `client_max_window_bits`, from 8 to 15: an offer that does not allow to set
   * it, or of a smaller one, is declined. `false` sets none. By default, and with `true`, the client chooses
   * (RFC 7692 §7.1.2.2).
   */
  readonly clientMaxWindowBits?: number | boolean | undefined;
}

/** What a client offers, and what it takes for an answer. */
export interface ClientNegotiationOptions {
  /**
   * Asks the server to compress each message on its own, `server_no_context_takeover`. Default: no. The server may do
   * so unasked (RFC 7692 §7.1.1.1).
   */
  readonly serverNoContextTakeover?: boolean | undefined;
  /**
   * Whether the client compresses each message on its own, `client_no_context_takeover`: `true` says so in the offer
   * and does so, whatever the answer; `false` fails the connection if the server wants it; by default the server
   * chooses (RFC 7692 §7.1.1.2).
   */
  readonly clientNoContextTakeover?: boolean | undefined;
  /**
   * Asks the server to limit the window of its compressor, `server_max_window_bits`, from 8 to 15. By default, and
   * with a boolean, the server chooses (RFC 7692 §7.1.2.1).
   */
  readonly serverMaxWindowBits?: number | boolean | undefined;
  /**
   * The window of the client's compressor, `client_max_window_bits`: from 8 to 15 limits it, whatever the answer, and
   * lets the server limit it further; by default, and with `true`, the server may limit it; `false` does not let it
   * (RFC 7692 §7.1.2.2).
   */
  readonly clientMaxWindowBits?: number | boolean | undefined;
  /**
   * Whether a response must keep to what was asked of the server: `server_no_context_takeover`, and a
   * `server_max_window_bits` that is no larger (RFC 7692 §7.1.1.1, §7.1.2.1). Default: `true`. With `false` a server
   * that does not keep to it is put up with, as `ws` does: the agreement then tells what the server really does.
   */
  readonly strict?: boolean | undefined;
}

/** An option for a window once it was checked: a limit, a refusal, or nothing in particular. */
export type WindowOption = WindowBits | false | undefined;

/** The window in digits, as it comes out of a configuration. */
const WINDOW_IN_DIGITS = /^(?:[89]|1[0-5])$/;

/**
 * The limit in an option for a window; `true` and `null` are as good as nothing, and a number in digits as the number.
 *
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for anything but an integer from 8 to 15, a boolean
 * or nothing; 0 is not a legal value
 */
export function windowOption(
  options: ServerNegotiationOptions | ClientNegotiationOptions,
  name: 'serverMaxWindowBits' | 'clientMaxWindowBits',
): WindowOption {
  // A caller without types may pass anything.
  const value = options[name] as number | boolean | string | null | undefined;
  if (value === undefined || value === null || value === true) return undefined;
  if (value === false) return false;
  const bits = typeof value === 'string' && WINDOW_IN_DIGITS.test(value) ? Number(value) : value;
  if (Number.isInteger(bits) && (bits as number) >= 8 && (bits as number) <= 15) return bits as WindowBits;
  throw negotiationError('ILLEGAL_WINDOW_BITS', name, String(value));
}
