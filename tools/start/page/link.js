/** The page's one WebSocket: connects, and reconnects by itself after a loss, with delays that grow. */

/* eslint no-undef: "off" -- the compiler checks the names that browsers define, see tsconfig.json */

/** @import { ClientMessage, ServerMessage } from '../src/protocol.ts' */

/**
 * The state of the connection. `waiting`: it was lost or could not be opened. The next attempt is at `retryAt` (on the clock of
 * `performance.now()`), and `reason` is a sentence for the user.
 *
 * @typedef {{ name: 'connecting' } | { name: 'open' } | { name: 'waiting', retryAt: number, reason: string }} LinkState
 */

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** After a connection that was open longer than this, the delays start again at the first one. */
const STABLE_MS = 5_000;
const HANDSHAKE_MS = 10_000;
/** If nothing arrives for longer, the connection counts as lost. The server's heartbeat causes a message about each second. */
const SILENCE_MS = 10_000;

/**
 * How long to wait before an attempt, in ms: a random part, from half to all, of a delay that doubles with each failure up to the
 * longest. The random part keeps the pages of a restarted server from reconnecting at the same moment.
 *
 * @param {number} failures How many attempts in a row failed before this delay, from 0.
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

  /** @param {string} url The address that `start()` connects to. */
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
    let deadline = setTimeout(() => this.drop('The server did not answer.'), HANDSHAKE_MS);
    const heard = () => {
      clearTimeout(deadline);
      deadline = setTimeout(() => this.drop('The server has stopped answering.'), SILENCE_MS);
    };

    socket.onopen = () => {
      heard();
      openedAt = performance.now();
      this.#enter({ name: 'open' });
    };
    socket.onmessage = ({ data }) => {
      heard();
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
   * Abandons the current connection without waiting for the server, and reconnects after a delay.
   *
   * @param {string} reason A sentence for the user.
   */
  drop(reason) {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#wait(reason);
  }

  /** Connects now if the next attempt is waiting for its delay. */
  retryNow() {
    if (this.#state.name === 'waiting') this.start();
  }

  /**
   * Sends a message. Returns false without an open connection: the message is not kept for later.
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
  if (code === 1006) return 'The connection was lost.';
  return `The server closed the connection (${code}${reason ? `, ${reason}` : ''}).`;
}
