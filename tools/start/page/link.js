/** The page's one WebSocket: connects, notices when it is lost, and connects again by itself, ever more slowly. */

/* eslint no-undef: "off" -- the names a browser knows are checked by the compiler, see tsconfig.json */

/** @import { ClientMessage, ServerMessage } from '../src/protocol.ts' */

/**
 * What the connection is doing. `waiting`: it was lost, or could not be made; the next try is at `retryAt` (on the clock of
 * `performance.now()`), and `reason` is a sentence for people.
 *
 * @typedef {{ name: 'connecting' } | { name: 'open' } | { name: 'waiting', retryAt: number, reason: string }} LinkState
 */

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** A connection that held this long was a good one: after it, waiting starts again at the first delay. */
const STABLE_MS = 5_000;
const HANDSHAKE_MS = 10_000;

/**
 * How long to wait before a try: doubled each time up to the longest, and of that a random part between half and all, so that
 * the pages of a restarted server do not all come back in the same instant.
 *
 * @param {number} failures How many tries in a row came to nothing, from 0.
 * @param {number} chance From 0 to 1.
 */
export function backOff(failures, chance) {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
  return longest * (0.5 + chance / 2);
}

export class Link extends EventTarget {
  #url;
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {LinkState} */
  #state = { name: 'connecting' };
  #failures = 0;
  #timer = 0;

  /** @param {string} url Where to connect; `start()` does it. */
  constructor(url) {
    super();
    this.#url = url;
  }

  get state() {
    return this.#state;
  }

  start() {
    clearTimeout(this.#timer);
    this.#enter({ name: 'connecting' });
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    let openedAt = 0;
    const deadline = setTimeout(() => this.drop('The server did not answer.'), HANDSHAKE_MS);

    socket.onopen = () => {
      clearTimeout(deadline);
      openedAt = performance.now();
      this.#enter({ name: 'open' });
    };
    socket.onmessage = ({ data }) => {
      this.#tell('traffic', { direction: 'in', bytes: byteLength(data) });
      /** @type {ServerMessage} */
      const message = JSON.parse(data);
      this.#tell('message', message);
    };
    socket.onclose = ({ code, reason }) => {
      clearTimeout(deadline);
      if (this.#socket !== socket) return;
      if (openedAt > 0 && performance.now() - openedAt > STABLE_MS) this.#failures = 0;
      this.#wait(explainClose(code, reason, openedAt > 0));
    };
  }

  /**
   * Gives the current connection up, without waiting for the other side, and starts over.
   *
   * @param {string} reason A sentence for people.
   */
  drop(reason) {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#wait(reason);
  }

  /** Does not wait any longer; nothing happens unless it is waiting. */
  retryNow() {
    if (this.#state.name === 'waiting') this.start();
  }

  /**
   * Sends a message; false when there is no connection, and then it is not kept for later.
   *
   * @param {ClientMessage} message
   */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    const json = JSON.stringify(message);
    this.#socket.send(json);
    this.#tell('traffic', { direction: 'out', bytes: byteLength(json) });
    return true;
  }

  /** @param {string} reason */
  #wait(reason) {
    const delay = backOff(this.#failures++, Math.random());
    this.#timer = setTimeout(() => this.start(), delay);
    this.#enter({ name: 'waiting', retryAt: performance.now() + delay, reason });
  }

  /** @param {LinkState} state */
  #enter(state) {
    this.#state = state;
    this.#tell('state', state);
  }

  /**
   * @param {'state' | 'message' | 'traffic'} name
   * @param {unknown} detail
   */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const encoder = new TextEncoder();

/** @param {string} text */
function byteLength(text) {
  return encoder.encode(text).length;
}

/**
 * @param {number} code
 * @param {string} reason
 * @param {boolean} wasOpen
 */
function explainClose(code, reason, wasOpen) {
  if (!wasOpen) return 'The server cannot be reached.';
  if (code === 1006) return 'The connection broke off.';
  return `The server closed the connection (${code}${reason ? `, ${reason}` : ''}).`;
}
