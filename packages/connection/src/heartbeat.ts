// Whether the peer is still there: a ping after a silence, and the end of the connection after one more.
import { Buffer } from 'node:buffer';
import { clearDeadline, now, setWatch, type Deadline } from './clock.ts';
import { heartbeatTimes, type HeartbeatOptions } from './options.ts';
import { OPEN } from './ready-state.ts';
import { nextTick } from './scheduling.ts';
import { Session } from './session.ts';

/** How many units of time a millisecond has. With 32 bits they count for 18 hours, as small integers, which take no memory. */
const UNITS = 64;

/** The time in units, which wraps around: only the difference of two times has a meaning. */
function time(): number {
  return Math.round(now() * UNITS) | 0;
}

/** The time at which a ping was sent is its payload, so each pong is compared with its own ping. */
const payload = Buffer.alloc(4);

type Member = HeartbeatSession<unknown>;

/**
 * A session with a heartbeat. All that it knows is in these fields, so a connection without one takes no memory for it. They are not
 * private, as the beat of all connections is in one loop.
 */
export class HeartbeatSession<T> extends Session<T> {
  /** Where it is among those with the same times. */
  place = -1;
  heardAt = 0;
  /** When the ping was sent whose pong has not come; 0 for none. */
  pingedAt = 0;
  /** The last round trip in units, or -1. */
  roundTrip = -1;

  override get latency(): number | undefined {
    return this.roundTrip < 0 ? undefined : this.roundTrip / UNITS;
  }

  /** Whether it can be told that the peer is silent: while reading is paused nothing arrives, whatever the peer sends. */
  get isListening(): boolean {
    return this.state === OPEN && !this.socket.isPaused();
  }

  override start(head: Buffer): void {
    super.start(head);
    const { heartbeat } = this.options;
    if (heartbeat) Heartbeat.of(heartbeat).add(this as Member);
  }

  override streamData(chunk: Buffer): void {
    this.heardAt = time();
    super.streamData(chunk);
  }

  override pong(data: Uint8Array): void {
    if (this.pingedAt !== 0 && data.length === payload.length) {
      payload.writeInt32BE(this.pingedAt);
      if (payload.equals(data)) {
        this.roundTrip = (this.heardAt - this.pingedAt) | 0;
        this.pingedAt = 0;
      }
    }
    super.pong(data);
  }

  override streamClosed(): void {
    const { heartbeat } = this.options;
    if (heartbeat) Heartbeat.of(heartbeat).delete(this as Member);
    super.streamClosed();
  }

  sendPing(at: number): void {
    // 0 stands for none.
    this.pingedAt = at || 1;
    payload.writeInt32BE(this.pingedAt);
    this.controlPing(payload);
  }

  failForSilence(): void {
    const error = new Error('The peer has not answered a ping in time');
    // An exception of a listener is not to keep the others from being looked at.
    nextTick(tellError, this, Object.assign(error, { code: 'WS_ERR_HEARTBEAT_TIMEOUT' }));
    this.terminate();
  }
}

function tellError(session: Session<unknown>, error: Error): void {
  session.tellError(error);
}

const heartbeats = new Map<string, Heartbeat>();

/** All connections with the same times, and the one timer that they have. */
class Heartbeat {
  readonly #key: string;
  /** In units. */
  readonly #interval: number;
  readonly #timeout: number;
  readonly #members: Member[] = [];
  #deadline: Deadline | undefined = undefined;

  private constructor(key: string, interval: number, timeout: number) {
    this.#key = key;
    this.#interval = interval * UNITS;
    this.#timeout = timeout * UNITS;
  }

  static of(options: true | HeartbeatOptions): Heartbeat {
    const { interval, timeout } = heartbeatTimes(options);
    const key = `${interval} ${timeout}`;
    let heartbeat = heartbeats.get(key);
    if (heartbeat === undefined) heartbeats.set(key, (heartbeat = new Heartbeat(key, interval, timeout)));
    return heartbeat;
  }

  add(member: Member): void {
    member.heardAt = time();
    member.place = this.#members.push(member) - 1;
    if (this.#members.length === 1) this.#wakeIn(this.#interval);
  }

  /** The last one takes the place of one that leaves. */
  delete(member: Member): void {
    const { place } = member;
    if (place < 0) return;
    member.place = -1;
    const last = this.#members.pop() as Member;
    if (place < this.#members.length) {
      this.#members[place] = last;
      last.place = place;
    }
    if (this.#members.length > 0) return;
    clearDeadline(this.#deadline);
    // A program may give each connection times of its own.
    heartbeats.delete(this.#key);
  }

  /** Looks at all connections. For the timer. */
  beat(): void {
    const at = time();
    let next = this.#interval;
    try {
      // From the end on: one that leaves meanwhile is replaced by one that has been looked at.
      for (let i = this.#members.length - 1; i >= 0; i--) {
        const member = this.#members[i];
        if (member !== undefined) next = Math.min(next, this.#judge(member, at));
      }
    } finally {
      // Not for each one at its own time: what is a little late is seen together.
      if (this.#members.length > 0) this.#wakeIn(Math.max(next, this.#interval / 10));
    }
  }

  /** Does what is due for a connection. Returns after how long to look at it again. */
  #judge(member: Member, at: number): number {
    if (!member.isListening) {
      member.heardAt = at;
      member.pingedAt = 0;
      return this.#interval;
    }
    if (member.pingedAt !== 0 && ((member.heardAt - member.pingedAt) | 0) < 0) {
      const waited = (at - member.pingedAt) | 0;
      if (waited >= this.#timeout) member.failForSilence();
      return this.#timeout - waited;
    }
    const silence = (at - member.heardAt) | 0;
    if (silence < this.#interval) return this.#interval - silence;
    member.sendPing(at);
    return this.#timeout;
  }

  #wakeIn(units: number): void {
    clearDeadline(this.#deadline);
    this.#deadline = setWatch(Math.ceil(units / UNITS), beat, this);
  }
}

function beat(heartbeat: Heartbeat): void {
  heartbeat.beat();
}
