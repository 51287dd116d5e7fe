// The lexical rules of a head: the characters of tokens, field values, targets and hosts, and a reader of tokens and quoted strings
// (RFC 9110 §5.6, RFC 6455 §9.1). The reader goes from left to right without backtracking.
import { handshakeError, type HandshakeError } from './handshake-error.ts';

const TOKEN = 1;
const FIELD = 2;
const TARGET = 4;
const HOST = 8;

const HT = 0x09;
const SP = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The classes that each byte belongs to, as bits. */
const CLASSES = characterClasses();

function characterClasses(): Uint8Array {
  const isIn = (set: string, code: number): boolean => set.includes(String.fromCharCode(code));
  return Uint8Array.from({ length: 256 }, (_, code) => {
    let classes = 0;
    if (isIn(`!#$%&'*+-.^_\`|~${ALPHANUMERIC}`, code)) classes |= TOKEN;
    if (code === HT || (code >= SP && code !== DELETE)) classes |= FIELD;
    if (code > SP && code < DELETE) classes |= TARGET;
    // RFC 3986 §3.2.2 and §3.2.3, but without the comma, which shows that two Host fields were joined.
    if (isIn(`-._~!$&'()*+;=%:[]${ALPHANUMERIC}`, code)) classes |= HOST;
    return classes;
  });
}

/** Whether a code unit belongs to a class. Code units outside of the table belong to none. */
function isOf(charClass: number, code: number): boolean {
  return ((CLASSES[code] ?? 0) & charClass) !== 0;
}

function consistsOf(charClass: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isOf(charClass, text.charCodeAt(i))) return false;
  return true;
}

/** Whether a text is a token, that is, one or more of the characters of names (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return text !== '' && consistsOf(TOKEN, text);
}

/**
 * Whether a text is valid as a field value: no control character except the tab, and nothing above U+00FF (RFC 9110 §5.5). This
 * excludes CR, LF and NUL.
 */
export function isFieldValue(text: string): boolean {
  return consistsOf(FIELD, text);
}

/** Whether a byte is allowed in a line of a head. */
export function isFieldByte(byte: number): boolean {
  return isOf(FIELD, byte);
}

/** Whether a text is valid as a request target: one or more characters of visible ASCII (RFC 9112 §3.2). */
export function isTarget(text: string): boolean {
  return text !== '' && consistsOf(TARGET, text);
}

/** Whether a text is valid as the value of a Host field that names a host (RFC 9110 §7.2). */
export function isHost(text: string): boolean {
  return text !== '' && consistsOf(HOST, text);
}

/** Removes spaces and tabs around a text (OWS of RFC 9110 §5.6.3). `String.trim` removes more. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Whether a code unit is a space or a tab. */
export function isSpace(code: number): boolean {
  return code === SP || code === HT;
}

/** Compares with a name in lower-case letters, and ignores the case of ASCII letters only. */
export function equalsIgnoringCase(text: string, lowerCaseName: string): boolean {
  if (text === lowerCaseName) return true;
  if (text.length !== lowerCaseName.length) return false;
  for (let i = 0; i < text.length; i++) {
    // 0x20 is the case bit of an ASCII letter. Setting it turns no other character into a letter.
    if ((text.charCodeAt(i) | 0x20) !== lowerCaseName.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether a comma-separated list, such as that of `Connection`, has a token (RFC 9110 §5.6.1). */
export function listHas(list: string, lowerCaseToken: string): boolean {
  return list.split(',').some((element) => equalsIgnoringCase(trimSpace(element), lowerCaseToken));
}

/**
 * Reads the value of a list header from left to right.
 *
 * Its methods throw a `SyntaxError` with the code `WS_ERR_UNEXPECTED_CHARACTER` or `WS_ERR_UNEXPECTED_END`.
 */
export class FieldReader {
  readonly #text: string;
  #index = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads a token. */
  token(): string {
    const start = this.#index;
    while (isOf(TOKEN, this.#text.charCodeAt(this.#index))) this.#index++;
    if (this.#index === start) throw this.#unexpected();
    return this.#text.slice(start, this.#index);
  }

  /**
   * Reads a token or a quoted string. "The value after quoted-string unescaping MUST conform to the 'token' ABNF" (RFC 6455 §9.1).
   */
  tokenOrQuotedString(): string {
    return this.#takes(QUOTE) ? this.#quotedToken() : this.token();
  }

  #quotedToken(): string {
    let value = '';
    do {
      this.#takes(BACKSLASH);
      if (!isOf(TOKEN, this.#text.charCodeAt(this.#index))) throw this.#unexpected();
      value += this.#text.charAt(this.#index++);
    } while (!this.#takes(QUOTE));
    return value;
  }

  /** Reads `character` if it is next. Returns whether it was. */
  takes(character: string): boolean {
    return this.#takes(character.charCodeAt(0));
  }

  #takes(code: number): boolean {
    if (this.#text.charCodeAt(this.#index) !== code) return false;
    this.#index++;
    return true;
  }

  /**
   * Reads one of the delimiters with the space around it. Returns it, or '' at the end of the text. Space is not allowed at either end of
   * a value.
   */
  delimiter(delimiters: string): string {
    const spaced = this.#skipSpace();
    if (this.#index === this.#text.length) {
      if (spaced) throw this.#unexpected();
      return '';
    }
    const delimiter = this.#text.charAt(this.#index);
    if (!delimiters.includes(delimiter)) throw this.#unexpected();
    this.#index++;
    this.#skipSpace();
    return delimiter;
  }

  #skipSpace(): boolean {
    const start = this.#index;
    while (isSpace(this.#text.charCodeAt(this.#index))) this.#index++;
    return this.#index > start;
  }

  #unexpected(): HandshakeError {
    return this.#index < this.#text.length
      ? handshakeError('UNEXPECTED_CHARACTER', this.#index)
      : handshakeError('UNEXPECTED_END');
  }
}
