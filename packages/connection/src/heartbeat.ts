// Detects peers that are gone: sends a ping after a silence, and ends the connection if no answer follows.
import { Buffer } from 'node:buffer';
import { clearDeadline, now, setWatch, type Deadline } from './clock.ts';
import { heartbeatTimes, type HeartbeatOptions } from './options.ts';
import { OPEN } from './ready-state.ts';
import { nextTick, setImmediate } from './scheduling.ts';
import { Session } from './session.ts';

/** How many units of time a millisecond has. V8 stores a small integer without allocating memory, and 32 bits of units cover 18 hours. */
const UNITS = 64;

/** The time in units. It wraps around, so only the difference between two times is meaningful. */
function time(): number {
  return Math.round(now() * UNITS) | 0;
}

/** The payload of a ping is the time at which it was sent, so that a pong can be matched with its ping. */
const payload = Buffer.alloc(4);

type Member = HeartbeatSession<unknown>;

/**
 * A session with a heartbeat. A connection without one needs no memory for these fields. They are not private, because one loop checks
 * all connections.
 */
export class HeartbeatSession<T> extends Session<T> {
  /** Its index in the list of members. */
  place = -1;
  heardAt = 0;
  /** The time of the ping that has not been answered; 0 for none. */
  pingedAt = 0;
  /** The last round trip in units, or -1. */
  roundTrip = -1;

  override get latency(): number | undefined {
    return this.roundTrip < 0 ? undefined : this.roundTrip / UNITS;
  }

  /** Whether silence can mean that the peer is gone. While reading is paused, nothing arrives even if the peer sends something. */
  get isListening(): boolean {
    return this.state === OPEN && !this.socket.isPaused();
  }

  /** Whether nothing has arrived since the last ping. */
  get isUnanswered(): boolean {
    return this.pingedAt !== 0 && ((this.heardAt - this.pingedAt) | 0) < 0;
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
    Heartbeat.delete(this as Member, this.options.heartbeat);
    super.streamClosed();
  }

  sendPing(at: number): void {
    // 0 means that no ping is waiting for an answer.
    this.pingedAt = at || 1;
    payload.writeInt32BE(this.pingedAt);
    this.controlPing(payload);
  }

  failForSilence(): void {
    const error = new Error('The peer has not answered a ping in time');
    // In a tick of its own, so that an exception from a listener does not keep other connections from being checked.
    nextTick(reportError, this, Object.assign(error, { code: 'WS_ERR_HEARTBEAT_TIMEOUT' }));
    this.terminate();
  }
}

function reportError(session: Session<unknown>, error: Error): void {
  session.reportError(error);
}

const heartbeats = new Map<string, Heartbeat>();

/** The connections with the same times, and their common timer. */
class Heartbeat {
  readonly #key: string;
  /** In units. */
  readonly #interval: number;
  readonly #timeout: number;
  readonly #members: Member[] = [];
  /** The members that seem to be gone. */
  #silent: Member[] = [];
  #deadline: Deadline | undefined = undefined;

  private constructor(key: string, interval: number, timeout: number) {
    this.#key = key;
    this.#interval = interval * UNITS;
    this.#timeout = timeout * UNITS;
  }

  static of(options: true | HeartbeatOptions): Heartbeat {
    const { interval, timeout } = heartbeatTimes(options);
    const key = keyOf({ interval, timeout });
    let heartbeat = heartbeats.get(key);
    if (heartbeat === undefined) heartbeats.set(key, (heartbeat = new Heartbeat(key, interval, timeout)));
    return heartbeat;
  }

  add(member: Member): void {
    member.heardAt = time();
    member.place = this.#members.push(member) - 1;
    if (this.#members.length === 1) this.#wakeIn(this.#interval);
  }

  static delete(member: Member, options: boolean | HeartbeatOptions | undefined): void {
    if (options && heartbeats.get(keyOf(heartbeatTimes(options)))?.delete(member)) return;
    // The program has changed the times in its options, so the member is in the list of other times.
    for (const heartbeat of heartbeats.values()) if (heartbeat.delete(member)) return;
  }

  /** Removes a member. The last member takes its place in the list. Returns false for a session that is not a member. */
  delete(member: Member): boolean {
    const { place } = member;
    if (this.#members[place] !== member) return false;
    member.place = -1;
    const last = this.#members.pop() as Member;
    if (place < this.#members.length) {
      this.#members[place] = last;
      last.place = place;
    }
    if (this.#members.length === 0) {
      clearDeadline(this.#deadline);
      // Not kept in the map, because a program may give each connection different times.
      heartbeats.delete(this.#key);
    }
    return true;
  }

  /** Checks all connections. Called by the timer. */
  beat(): void {
    const at = time();
    let next = this.#interval;
    try {
      // From the end: if a member leaves meanwhile, the last member takes its place, and that one has been checked.
      for (let i = this.#members.length - 1; i >= 0; i--) {
        const member = this.#members[i];
        if (member !== undefined) next = Math.min(next, this.#judge(member, at));
      }
    } finally {
      if (this.#silent.length > 0) setImmediate(failSilent, this);
      // The next check is at least a tenth of the interval later, so that several connections are checked together.
      if (this.#members.length > 0) this.#wakeIn(Math.max(next, this.#interval / 10));
    }
  }

  /** Does what is due for a connection. Returns the time until its next check. */
  #judge(member: Member, at: number): number {
    if (!member.isListening) {
      member.heardAt = at;
      member.pingedAt = 0;
      return this.#interval;
    }
    const waited = member.pingedAt === 0 ? 0 : (at - member.pingedAt) | 0;
    if (member.isUnanswered) {
      if (waited >= this.#timeout) this.#silent.push(member);
      return this.#timeout - waited;
    }
    // The peer has sent something other than the pong. Forget the ping, because its time becomes ambiguous when the clock wraps around.
    if (waited >= this.#timeout) member.pingedAt = 0;
    const silence = (at - member.heardAt) | 0;
    if (silence < this.#interval) return this.#interval - silence;
    member.sendPing(at);
    return this.#timeout;
  }

  /** Ends the connections that are still silent after the sockets were read: a busy event loop may have kept answers waiting. */
  failSilent(): void {
    for (const member of this.#silent.splice(0)) {
      if (member.isListening && member.isUnanswered) member.failForSilence();
    }
  }

  #wakeIn(units: number): void {
    clearDeadline(this.#deadline);
    this.#deadline = setWatch(Math.ceil(units / UNITS), beat, this);
  }
}

function keyOf({ interval, timeout }: Required<HeartbeatOptions>): string {
  return `${interval} ${timeout}`;
}

function failSilent(heartbeat: Heartbeat): void {
  heartbeat.failSilent();
}

function beat(heartbeat: Heartbeat): void {
  heartbeat.beat();
}
