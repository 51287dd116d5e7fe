// The error table of the negotiation: for each rule, the code, the class and the message. Call sites name the rule. The messages are
// those of `ws`.

interface Row {
  /** The `error.code` that applications test. */
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

/** Every rule of the negotiation that can be broken, with the error for it. */
export const NEGOTIATION_ERRORS = {
  // An invalid list of parameters (RFC 7692 §7.1)
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

  // Invalid arguments of a caller
  ILLEGAL_WINDOW_BITS: row(
    'WS_ERR_ILLEGAL_WINDOW_BITS',
    'The option "{name}" must be an integer from 8 to 15 or a boolean, not {value}',
    'RangeError',
  ),
} as const;

/** The name of a row of {@link NEGOTIATION_ERRORS}. */
export type NegotiationRule = keyof typeof NEGOTIATION_ERRORS;

/** The values of `error.code`. */
export type NegotiationErrorCode = (typeof NEGOTIATION_ERRORS)[NegotiationRule]['code'];

/** An error of the negotiation. Its class is the one that the row names. */
export interface NegotiationError extends Error {
  /** The rule that was broken. */
  readonly code: NegotiationErrorCode;
}

/** The result if there is no agreement. Nothing is thrown for what a peer sends. */
export interface Refused {
  readonly ok: false;
  /** The rule that was broken: the code of the error. */
  readonly code: NegotiationErrorCode;
  /** Created when it is first read, because a peer can cause many refusals, and a stack trace is expensive. */
  readonly error: NegotiationError;
}

const CLASSES = { Error, TypeError, RangeError };

/** Creates the error of a rule. */
export function negotiationError(rule: NegotiationRule, name = '', value = ''): NegotiationError {
  const { code, message, type } = NEGOTIATION_ERRORS[rule];
  // Replace in one pass, with a function: a name may itself contain `{value}` or `$&`.
  const text = message.replace(/\{(name|value)\}/g, (_, what) => (what === 'name' ? name : value));
  return Object.assign(new CLASSES[type](text), { code });
}

/** Creates the result for a broken rule. */
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
