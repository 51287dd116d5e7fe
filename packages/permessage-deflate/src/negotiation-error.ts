// The one table of what can go wrong in a negotiation: rule -> code, class, message. Call sites name the rule; the
// messages are those of `ws`.

interface Row {
  /** What programs test: `error.code`. */
  readonly code: `WS_ERR_${string}`;
  readonly type: 'Error' | 'TypeError' | 'RangeError';
  /** `{name}` stands for the parameter or option, `{value}` for its value. */
  readonly message: string;
}

function row<const Code extends Row['code']>(
  code: Code,
  message: string,
  type: Row['type'] = 'Error',
): Row & { readonly code: Code } {
  return { code, type, message };
}

/** Every rule of a negotiation that can be broken, and how its breach is told. */
export const NEGOTIATION_ERRORS = {
  // A list of parameters that is none of this extension (RFC 7692 §7.1)
  REPEATED_PARAMETER: row(
    'WS_ERR_REPEATED_EXTENSION_PARAMETER',
    'Parameter "{name}" must have only a single value',
  ),
  UNKNOWN_PARAMETER: row('WS_ERR_UNKNOWN_EXTENSION_PARAMETER', 'Unknown parameter "{name}"'),
  INVALID_PARAMETER: row(
    'WS_ERR_INVALID_EXTENSION_PARAMETER',
    'Invalid value for parameter "{name}": {value}',
    'TypeError',
  ),

  // Offers that a server declines (RFC 7692 §5, §7.1)
  NO_ACCEPTABLE_OFFER: row(
    'WS_ERR_NO_ACCEPTABLE_EXTENSION_OFFER',
    'None of the extension offers can be accepted',
  ),

  // A response on which a client fails the connection (RFC 7692 §7.1.1, §7.1.2)
  UNEXPECTED_PARAMETER: row('WS_ERR_UNEXPECTED_EXTENSION_PARAMETER', 'Unexpected parameter "{name}"'),
  UNEXPECTED_OR_INVALID_PARAMETER: row(
    'WS_ERR_UNEXPECTED_EXTENSION_PARAMETER',
    'Unexpected or invalid parameter "{name}"',
  ),
  MISSING_PARAMETER: row('WS_ERR_MISSING_EXTENSION_PARAMETER', 'Missing parameter "{name}"'),

  // What a caller of this package must not pass
  ILLEGAL_WINDOW_BITS: row(
    'WS_ERR_ILLEGAL_WINDOW_BITS',
    'The option "{name}" is an integer from 8 to 15, a boolean or left out, not {value}',
    'RangeError',
  ),
} as const;

/** The name of a row of {@link NEGOTIATION_ERRORS}. */
export type NegotiationRule = keyof typeof NEGOTIATION_ERRORS;

/** What `error.code` can be. */
export type NegotiationErrorCode = (typeof NEGOTIATION_ERRORS)[NegotiationRule]['code'];

/** An error of the negotiation: an `Error`, or the built-in class that its row names, with a `code`. */
export interface NegotiationError extends Error {
  /** Which rule was broken. */
  readonly code: NegotiationErrorCode;
}

/** The other half of every result: why there is no agreement. Nothing is thrown for what a peer sends. */
export interface Refused {
  readonly ok: false;
  /** Which rule was broken: that of the error. */
  readonly code: NegotiationErrorCode;
  /** Made when it is first read: a peer can cause many refusals, and an error with its stack costs more than the rest of each. */
  readonly error: NegotiationError;
}

const CLASSES = { Error, TypeError, RangeError };

/** The error of a rule, ready to be thrown or returned. */
export function negotiationError(rule: NegotiationRule, name = '', value = ''): NegotiationError {
  const { code, message, type } = NEGOTIATION_ERRORS[rule];
  // One pass and functions: a name may itself contain `{value}` or `$&`.
  const text = message.replace(/\{(name|value)\}/g, (_, what) => (what === 'name' ? name : value));
  return Object.assign(new CLASSES[type](text), { code });
}

/** The result for a breach of a rule. */
export function refused(rule: NegotiationRule, name?: string, value?: string): Refused {
  let error: NegotiationError | undefined;
  return {
    ok: false,
    code: NEGOTIATION_ERRORS[rule].code,
    get error() {
      return (error ??= negotiationError(rule, name, value));
    },
  };
}
