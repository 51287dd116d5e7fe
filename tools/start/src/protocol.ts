/**
 * The chat room's protocol: every message that the page (or any other client) and the server exchange, as JSON in text
 * messages over `/chat`, and the validation of what clients send.
 *
 * ```
 * client                                   server
 *   |  ------------ connects ------------>   |
 *   |  <- hello { run, people, recent, … }   |   the latest lines; a visitor may read without joining
 *   |  join { name } -------------------->   |
 *   |  <-------------- welcome { name, … }   |   the name may differ: a taken one gets a number
 *   |  say { text } --------------------->   |
 *   |  <------------------- line { line }    |   to everyone, including the speaker: said, joined and left
 *   |  <----------- people { count, names }  |   to everyone, after each join and leave
 *   |  ping { id } ---------------------->   |
 *   |  <----------------------- pong { id }  |   immediately: the page measures the round trip
 *   |  leave ---------------------------->   |   the connection stays open
 *   |  <------ error { code, message, of }   |   a message was refused; nothing else happened
 * ```
 *
 * The server trusts no message: each is parsed, checked and rebuilt from its known fields here. It closes the connection
 * with 1008 when a client floods it, with 1009 when a message exceeds `LIMITS.message`, with 1001 when it shuts down.
 */

/** What the server accepts. Lengths of names and texts are in UTF-16 code units, as `String.length` counts. */
export const LIMITS = Object.freeze({
  /** Longest nickname. */
  name: 24,
  /** Longest chat text. */
  text: 500,
  /** Most lines in one chat text. */
  lines: 20,
  /** Largest message a client may send, in bytes. */
  message: 4096,
  /** How many lines `hello` repeats. */
  recent: 50,
  /** How many names `people` lists; `count` is always exact. */
  names: 24,
});

/** Join the room under a nickname. */
interface Join {
  type: 'join';
  name: string;
}

/** Leave the room. The connection stays open. */
interface Leave {
  type: 'leave';
}

/** Say something to the room. */
interface Say {
  type: 'say';
  text: string;
}

/** Ask for a `pong` with the same number. */
interface Ping {
  type: 'ping';
  /** Any whole number from 0 up to 2^53 - 1. */
  id: number;
}

/** What a client may send. */
export type ClientMessage = Join | Leave | Say | Ping;

/** One line of the conversation. Everything in it is plain text. */
export interface Line {
  /** Counts up from 1 within one run of the server. */
  id: number;
  /** When the server received it, in milliseconds since 1970. */
  at: number;
  kind: 'said' | 'joined' | 'left';
  /** The number of the person, unique within one run of the server. */
  from: number;
  name: string;
  /** What was said; empty for `joined` and `left`. */
  text: string;
}

/** The first message on every connection. */
export interface Hello {
  type: 'hello';
  /** Identifies this run of the server. Each run counts line ids from 1. */
  run: string;
  limits: { name: number; text: number };
  people: { count: number; names: string[] };
  /** The latest lines, oldest first. */
  recent: Line[];
}

/** The answer to `join`. */
interface Welcome {
  type: 'welcome';
  /** Your number: `from` in your own lines. */
  you: number;
  /** The name that you were given. */
  name: string;
}

/** Something happened in the room. */
interface LineEvent {
  type: 'line';
  line: Line;
}

/** Who is in the room. */
export interface People {
  type: 'people';
  count: number;
  names: string[];
}

/** The answer to `ping`. */
interface Pong {
  type: 'pong';
  id: number;
}

/** Why a message was refused. */
export type RefusalCode =
  | 'not-text' // a binary message
  | 'not-json' // not a JSON object
  | 'unknown-type' // no known `type`
  | 'bad-field' // a field is missing or of the wrong type
  | 'bad-name' // empty, too long, or with characters that cannot be shown
  | 'bad-text' // blank, too long, too many lines, or with control characters
  | 'join-first' // only people in the room may say something
  | 'already-joined' // leave first
  | 'too-fast'; // slow down; the text was not sent

/** A message was refused. */
export interface Refusal {
  type: 'error';
  code: RefusalCode;
  /** A sentence for people. */
  message: string;
  /** The type of the refused message, or null if it is missing or unknown. */
  of: ClientMessage['type'] | null;
}

/** What the server sends. */
export type ServerMessage = Hello | Welcome | LineEvent | People | Pong | Refusal;

/** A parsed client message, or the error event that refuses it. */
export type Parsed = { ok: true; message: ClientMessage } | { ok: false; refusal: Refusal };

/**
 * Builds an error event.
 *
 * @param code Why.
 * @param message A sentence for people.
 * @param of The type of the refused message.
 */
export function refusal(code: RefusalCode, message: string, of: Refusal['of'] = null): Refusal {
  return { type: 'error', code, message, of };
}

/**
 * Reads a message that a client sent. Never throws. Unknown fields are dropped.
 *
 * @param json The text message, at most `LIMITS.message` bytes.
 */
export function parseClientMessage(json: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return refuse('not-json', 'The message is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('not-json', 'The message is not a JSON object.');
  }
  const fields: { type?: unknown; name?: unknown; text?: unknown; id?: unknown } = value;
  switch (fields.type) {
    case 'join':
      return parseJoin(fields.name);
    case 'leave':
      return accept({ type: 'leave' });
    case 'say':
      return parseSay(fields.text);
    case 'ping':
      return parsePing(fields.id);
    default:
      return refuse('unknown-type', 'The type of a message is join, leave, say or ping.');
  }
}

function parseJoin(given: unknown): Parsed {
  if (typeof given !== 'string') return refuse('bad-field', 'A join needs a name.', 'join');
  const name = given.normalize('NFC').replace(/\s+/gu, ' ').trim();
  if (!/[\p{L}\p{N}\p{P}\p{S}]/u.test(name)) return refuse('bad-name', 'Please enter a name.', 'join');
  if (name.length > LIMITS.name) {
    return refuse('bad-name', `A name has at most ${LIMITS.name} characters.`, 'join');
  }
  if (hasInvisible(name)) return refuse('bad-name', 'The name has characters that cannot be shown.', 'join');
  return accept({ type: 'join', name });
}

function parseSay(given: unknown): Parsed {
  if (typeof given !== 'string') return refuse('bad-field', 'A say needs a text.', 'say');
  if (given.length > LIMITS.text) {
    return refuse('bad-text', `A message has at most ${LIMITS.text} characters.`, 'say');
  }
  const text = given.replace(/\r\n?/g, '\n').trim();
  if (text === '') return refuse('bad-text', 'The message is empty.', 'say');
  if (text.split('\n').length > LIMITS.lines) {
    return refuse('bad-text', `A message has at most ${LIMITS.lines} lines.`, 'say');
  }
  if (/(?![\n\t])\p{Cc}|\p{Cs}/u.test(text)) {
    return refuse('bad-text', 'The message has control characters.', 'say');
  }
  return accept({ type: 'say', text });
}

function parsePing(id: unknown): Parsed {
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) {
    return refuse('bad-field', 'A ping needs an id, a whole number from 0.', 'ping');
  }
  return accept({ type: 'ping', id });
}

/** Whether a name has characters of category C, such as controls, bidirectional overrides and lone surrogates. Emoji need U+200D. */
function hasInvisible(name: string): boolean {
  return /(?!\u200d)\p{C}/u.test(name);
}

function accept(message: ClientMessage): Parsed {
  return { ok: true, message };
}

function refuse(code: RefusalCode, message: string, of: Refusal['of'] = null): Parsed {
  return { ok: false, refusal: refusal(code, message, of) };
}
