/**
 * The protocol of the chat rooms: every message between a client, such as the page, and the server, and the validation of what
 * clients send. The messages are JSON in text messages over `/chat`.
 *
 * ```
 * client                                   server
 *   |  ------------ connects ------------>   |
 *   |  <------------------ rooms { rooms }   |   now, and after each join and leave in any room
 *   |  open { room } -------------------->   |   leaves the room that was open before
 *   |  <- room { room, people, recent, … }   |   the latest lines; a visitor may read without joining
 *   |  join { name } -------------------->   |
 *   |  <-------------- welcome { name, … }   |   the name may differ: a taken one gets a number
 *   |  say { text } --------------------->   |
 *   |  <------------------- line { line }    |   to all in the room, including the speaker: said, joined and left
 *   |  <----------- people { count, names }  |   to all in the room, after each join and leave
 *   |  <---------- latency { milliseconds }  |   after each ping of the server's heartbeat that the client has answered
 *   |  leave ---------------------------->   |   the room stays open
 *   |  <------ error { code, message, of }   |   a message was refused; nothing else happened
 * ```
 *
 * The server trusts no message: each is parsed, checked and rebuilt from its known fields here. It closes the connection
 * with 1008 when a client floods it, with 1009 when a message exceeds `LIMITS.message`, with 1001 when it shuts down.
 */

/** What the server accepts. Lengths of names and texts are in UTF-16 code units, as `String.length` counts. */
export const LIMITS = Object.freeze({
  /** Longest nickname, and longest name of a room. */
  name: 24,
  /** Longest chat text. */
  text: 500,
  /** Most lines in one chat text. */
  lines: 20,
  /** Largest message a client may send, in bytes. */
  message: 4096,
  /** How many lines `room` repeats. */
  recent: 50,
  /** How many names `people` lists; `count` is always exact. */
  names: 24,
  /** How many rooms `rooms` lists. */
  rooms: 24,
});

/** The room that the page opens first. It always exists. */
export const LOBBY = 'lobby';

/** Open a room, which the server creates if it does not exist. */
interface Open {
  type: 'open';
  /** In lower case after parsing, so that `Kitchen` and `kitchen` are the same room. */
  room: string;
}

/** Join the open room under a nickname. */
interface Join {
  type: 'join';
  name: string;
}

/** Leave the room. It stays open, so the client still receives its lines. */
interface Leave {
  type: 'leave';
}

/** Say something to the room. */
interface Say {
  type: 'say';
  text: string;
}

/** What a client may send. */
export type ClientMessage = Open | Join | Leave | Say;

/** One line of the conversation. Everything in it is plain text. */
export interface Line {
  /** Counts up from 1 within one run of the room. */
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

/** The answer to `open`. */
export interface OpenRoom {
  type: 'room';
  room: string;
  /** Identifies this run of the room. A run ends when no client has the room open. Each run counts line ids from 1. */
  run: string;
  limits: { name: number; text: number };
  people: { count: number; names: string[] };
  /** The latest lines, oldest first. */
  recent: Line[];
}

/** The lobby and the rooms with people, in the order in which they were created. */
export interface RoomList {
  type: 'rooms';
  rooms: { room: string; people: number }[];
}

/** The answer to `join`. */
interface Welcome {
  type: 'welcome';
  /** Your number: `from` in your own lines. */
  you: number;
  /** The name that the server gave you. */
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

/** The round trip that the server's heartbeat has measured for this connection. */
interface Latency {
  type: 'latency';
  milliseconds: number;
}

/** Why a message was refused. */
export type RefusalCode =
  | 'not-text' // a binary message
  | 'not-json' // not a JSON object
  | 'unknown-type' // no known `type`
  | 'bad-field' // a field is missing or of the wrong type
  | 'bad-name' // empty, too long, or with characters that cannot be shown
  | 'bad-text' // blank, too long, too many lines, or with control characters
  | 'open-first' // only after `open` can a visitor join
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
export type ServerMessage = OpenRoom | RoomList | Welcome | LineEvent | People | Latency | Refusal;

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
  const fields: { type?: unknown; room?: unknown; name?: unknown; text?: unknown } = value;
  switch (fields.type) {
    case 'open':
      return parseName('open', fields.room, (name) => ({ type: 'open', room: name.toLowerCase() }));
    case 'join':
      return parseName('join', fields.name, (name) => ({ type: 'join', name }));
    case 'leave':
      return accept({ type: 'leave' });
    case 'say':
      return parseSay(fields.text);
    default:
      return refuse('unknown-type', 'The type of a message must be open, join, leave or say.');
  }
}

function parseName(of: 'open' | 'join', given: unknown, build: (name: string) => ClientMessage): Parsed {
  if (typeof given !== 'string') return refuse('bad-field', 'The name is missing.', of);
  const name = given.normalize('NFC').replace(/\s+/gu, ' ').trim();
  if (!/[\p{L}\p{N}\p{P}\p{S}]/u.test(name)) return refuse('bad-name', 'Please enter a name.', of);
  if (name.length > LIMITS.name) {
    return refuse('bad-name', `A name has at most ${LIMITS.name} characters.`, of);
  }
  if (hasInvisible(name)) return refuse('bad-name', 'The name has characters that cannot be shown.', of);
  return accept(build(name));
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
