// The options of the negotiation for each role. Their names and meanings are those of `ws`.
import { negotiationError } from './negotiation-error.ts';
import { WINDOW_BITS, type WindowBits } from './parameters.ts';

/** What a server accepts. If an option is absent, the client chooses. */
export interface ServerNegotiationOptions {
  /**
   * Whether the server compresses each message on its own (`server_no_context_takeover`). `true`: always. `false`: it declines offers
   * that ask for it. Default: the client chooses (RFC 7692 §7.1.1.1).
   */
  readonly serverNoContextTakeover?: boolean | undefined;
  /**
   * Whether the client must compress each message on its own (`client_no_context_takeover`). `true`: always. Otherwise the client
   * chooses (RFC 7692 §7.1.1.2).
   */
  readonly clientNoContextTakeover?: boolean | undefined;
  /**
   * The window of the server's compressor (`server_max_window_bits`), from 8 to 15. The server declines offers of a smaller one. `false`
   * declines every offer that limits it. Default and `true`: the client chooses (RFC 7692 §7.1.2.1).
   */
  readonly serverMaxWindowBits?: number | boolean | undefined;
  /**
   * The window of the client's compressor (`client_max_window_bits`), from 8 to 15. The server declines offers that do not let it set
   * one, or that set a smaller one. `false` sets none. Default and `true`: the client chooses (RFC 7692 §7.1.2.2).
   */
  readonly clientMaxWindowBits?: number | boolean | undefined;
}

/** What a client offers, and which responses it accepts. */
export interface ClientNegotiationOptions {
  /**
   * Asks the server to compress each message on its own (`server_no_context_takeover`). Default: no. The server may also do so unasked
   * (RFC 7692 §7.1.1.1).
   */
  readonly serverNoContextTakeover?: boolean | undefined;
  /**
   * Whether the client compresses each message on its own (`client_no_context_takeover`). `true`: it offers that and does so. `false`: it
   * fails the connection if the server requires it. Default: the server chooses (RFC 7692 §7.1.1.2).
   */
  readonly clientNoContextTakeover?: boolean | undefined;
  /**
   * Asks the server to limit the window of its compressor (`server_max_window_bits`), from 8 to 15. Default and boolean: the server
   * chooses (RFC 7692 §7.1.2.1).
   */
  readonly serverMaxWindowBits?: number | boolean | undefined;
  /**
   * The window of the client's compressor (`client_max_window_bits`). From 8 to 15: the client uses no larger one, and the server may
   * reduce it. Default and `true`: the server may limit it. `false`: it may not (RFC 7692 §7.1.2.2).
   */
  readonly clientMaxWindowBits?: number | boolean | undefined;
  /**
   * Whether the server must grant what the client asked of it: `server_no_context_takeover`, and a `server_max_window_bits` that is no
   * larger (RFC 7692 §7.1.1.1, §7.1.2.1). Default `true`. `false` accepts what the server does instead, like `ws`.
   */
  readonly strict?: boolean | undefined;
}

/** A checked window option: a limit, a refusal, or `undefined` if the other side may choose. */
export type WindowOption = WindowBits | false | undefined;

/**
 * The limit in a window option. `true` and `null` mean `undefined`. A number in decimal digits means that number.
 *
 * @throws `RangeError` with the code `WS_ERR_ILLEGAL_WINDOW_BITS` for anything except an integer from 8 to 15, a boolean, `null` or
 * `undefined`
 */
export function windowOption(
  options: ServerNegotiationOptions | ClientNegotiationOptions,
  name: 'serverMaxWindowBits' | 'clientMaxWindowBits',
): WindowOption {
  // A JavaScript caller may pass anything.
  const value = options[name] as number | boolean | string | null | undefined;
  if (value === undefined || value === null || value === true) return undefined;
  if (value === false) return false;
  const bits = typeof value === 'string' && WINDOW_BITS.test(value) ? Number(value) : value;
  if (Number.isInteger(bits) && (bits as number) >= 8 && (bits as number) <= 15) return bits as WindowBits;
  throw negotiationError('ILLEGAL_WINDOW_BITS', name, String(value));
}
