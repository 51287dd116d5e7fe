// The stream of JetStream that keeps the messages of all topics. Messages are published to `PREFIX.stored.TOPIC`. The stream numbers
// them, keeps them, and publishes them again to `PREFIX.live.TOPIC`. Their headers have the number of the message, and that of the
// message before it in its topic.
import { Buffer } from 'node:buffer';
import { BrokerError, type History, type HistoryMessage, type Position } from '@framewire/topics';
import type { MsgHdrs } from '@nats-io/transport-node';
import { ask, NANOSECONDS, throwErrorOf, type Reply } from './api.ts';
import { readRange, type Range } from './consumer.ts';
import type { HistorySettings } from './options.ts';
import type { Session } from './session.ts';
import { CHECK } from './subjects.ts';
import { Turns } from './turns.ts';

const API = '$JS.API.STREAM';
/** The longest time that the server can represent, in nanoseconds. */
const LONGEST = 2 ** 63;

/** The date of a stream that the server is still creating. */
const NOT_CREATED = '0001-01-01T00:00:00Z';

/** How often a broker asks for such a stream again. NATS creates it between two requests, unless the disk is slow. */
const MOST_ATTEMPTS = 1000;

/** Error codes of JetStream. */
const NAME_IN_USE = 10_058;
const NO_MESSAGE = 10_037;

/** How many messages are requested one at a time. A consumer, which costs about as much as these requests, reads the others. */
const FEW = 4;
/** How many consumers there are at a time. After an interruption, many topics read their histories. */
const MOST_CONSUMERS = 8;

interface Cluster {
  /** The name of the server that leads the replicas of the stream. Undefined during an election. */
  readonly leader?: string;
}

interface InfoReply extends Reply {
  readonly created: string;
  /** Present in a cluster. A server without one may report itself as the leader. */
  readonly cluster?: Cluster;
  readonly config: {
    readonly max_msgs_per_subject: number;
    readonly num_replicas: number;
    readonly subjects?: readonly string[];
    readonly republish?: { readonly src: string; readonly dest: string };
  };
  readonly state: {
    readonly first_seq: number;
    readonly last_seq: number;
    readonly subjects?: Readonly<Record<string, number>>;
  };
}

interface PublishReply extends Reply {
  readonly seq: number;
}

interface MessageReply extends Reply {
  readonly message: { readonly subject: string; readonly seq: number; readonly data?: string };
}

/** A message as the stream publishes it again. */
export interface LiveMessage {
  readonly offset: number;
  readonly previous: number;
}

/** The stream, during one session. */
export class Stream {
  readonly #session: Session;
  readonly #name: string;
  /** A new epoch begins with another stream of the same name, or with another limit. */
  readonly #epoch: string;
  /** The leader. Undefined until an answer has it: a server without a cluster leaves it out, or out of some answers. */
  #leader: string | undefined;
  /** The greatest offset that opening the stream, or {@link Stream.position}, has reported. */
  #newest: number;
  /** A check that the stream is still the same one. Undefined while there is none. */
  #check: Promise<unknown> | undefined = undefined;
  readonly #consumers = new Turns(MOST_CONSUMERS);

  private constructor(session: Session, name: string, info: InfoReply) {
    this.#session = session;
    this.#name = name;
    this.#epoch = epochOf(info);
    this.#leader = info.cluster?.leader;
    this.#newest = info.state.last_seq;
  }

  /**
   * Creates the stream, or uses the existing one.
   *
   * Rejects if JetStream refuses, or if the stream has other subjects.
   */
  static async open(session: Session, prefix: string, limits: HistorySettings): Promise<Stream> {
    const subjects = [`${prefix}.stored.*`];
    const republish = { src: `${prefix}.stored.*`, dest: `${prefix}.live.{{wildcard(1)}}` };
    let info = await ask<InfoReply>(session, `${API}.CREATE.${prefix}`, {
      name: prefix,
      subjects,
      republish,
      storage: 'file',
      retention: 'limits',
      discard: 'old',
      // One more than the limit, because the message before the others shows that none is missing.
      max_msgs_per_subject: limits.messages + 1,
      max_age: maxAgeOf(limits),
      num_replicas: limits.replicas,
    });
    // The stream exists with other limits, which an operator may have changed.
    if (info.error?.err_code === NAME_IN_USE) info = await ask<InfoReply>(session, `${API}.INFO.${prefix}`);
    // Another broker is creating the stream at this moment.
    for (let attempts = 0; info.created === NOT_CREATED; attempts++) {
      if (attempts === MOST_ATTEMPTS)
        throw new Error(`NATS has not finished creating the stream "${prefix}"`);
      info = await ask<InfoReply>(session, `${API}.INFO.${prefix}`);
    }
    throwErrorOf(info);
    const { config } = info;
    if (config.subjects?.join(' ') !== subjects.join(' ') || config.republish?.dest !== republish.dest) {
      throw new Error(`The stream "${prefix}" exists, and is not one of topics: choose another prefix`);
    }
    if (config.num_replicas > 1) await checkLeader(session, prefix, info.cluster);
    const stream = new Stream(session, prefix, info);
    // Also reveals that the server has been cut off from the stream, and that another server leads the stream.
    session.pingWith(() => stream.check());
    return stream;
  }

  /** Publishes a message. Resolves when the stream has it. Rejects if its offset shows that the stream has been recreated. */
  async publish(subject: string, data: Uint8Array): Promise<Position> {
    const reply = await ask<PublishReply>(this.#session, `${this.#name}.stored.${subject}`, data);
    throwErrorOf(reply);
    if (this.hasPassed(reply.seq)) await this.check();
    return this.positionAt(reply.seq);
  }

  /** Returns the position of the newest message of all topics. */
  async position(): Promise<Position> {
    const { state } = await this.#info();
    this.#newest = Math.max(this.#newest, state.last_seq);
    return this.positionAt(state.last_seq);
  }

  /**
   * Whether the stream had a message with this offset, or a later one, when it was last asked. A new message with such an offset is late, or
   * it is from another stream: a recreated stream begins again at 1.
   */
  hasPassed(offset: number): boolean {
    return offset <= this.#newest;
  }

  /** Ends the session if the stream has been recreated, or if another server leads it. Rejects in that case. */
  async check(): Promise<void> {
    this.#check ??= this.#info().finally(() => {
      this.#check = undefined;
    });
    await this.#check;
  }

  positionAt(offset: number): Position {
    return { epoch: this.#epoch, offset };
  }

  /** Returns what has been published to a topic since a position. */
  async history(topic: string, since: Position): Promise<History> {
    // Requested first, so that the messages include everything that the topic has up to this offset.
    const { state: before } = await this.#info();
    if (since.epoch !== this.#epoch)
      return { position: this.positionAt(before.last_seq), messages: undefined };
    const { offset } = since;
    const subject = `${this.#name}.stored.${topic}`;
    const last = await this.#message({ last_by_subj: subject });
    const end = Math.max(offset, last?.seq ?? 0);
    const messages = await this.#read({ subject, from: offset + 1, to: end });
    // Checked last, so that no message can have been removed before it was read. The stream removes the oldest ones of a topic first. So
    // it has everything after the offset if it has a message of the topic at the offset or before it.
    const first = await this.#firstFrom(subject, 1);
    const isKept = first !== undefined && first.seq <= offset;
    const { config, state } = await this.#info(isKept ? undefined : { subjects_filter: subject });
    const hasRemovedNone = (state.subjects?.[subject] ?? 0) < config.max_msgs_per_subject;
    const isWhole = offset <= state.last_seq && (isKept || (offset >= state.first_seq - 1 && hasRemovedNone));
    return isWhole
      ? { position: this.positionAt(Math.max(end, before.last_seq)), messages }
      : { position: this.positionAt(state.last_seq), messages: undefined };
  }

  /** Reads a range of messages. Leaves out messages that the stream removes in the meantime. */
  async #read(range: Range): Promise<HistoryMessage[]> {
    const messages: HistoryMessage[] = [];
    await this.#readSingly(range, messages, FEW);
    const from = startOf(range, messages);
    if (messages.length < FEW || from > range.to) return messages;
    await this.#consumers.run(async () => {
      messages.push(...(await readRange(this.#session, this.#name, { ...range, from })));
      // A consumer may stop early, for example on a replica that does not have the newest messages yet.
      await this.#readSingly(range, messages, Infinity);
    });
    return messages;
  }

  /** Adds the next messages of a range to those that have been read, one request for each, until there are `most`. */
  async #readSingly(range: Range, messages: HistoryMessage[], most: number): Promise<void> {
    const { subject, to } = range;
    while (messages.length < most) {
      const from = startOf(range, messages);
      const next = from > to ? undefined : await this.#firstFrom(subject, from);
      // The stream has removed the last message of the range.
      if (next === undefined || next.seq > to) return;
      messages.push({ data: Buffer.from(next.data ?? '', 'base64'), offset: next.seq });
    }
  }

  /** Returns the first message of a subject at or after an offset. */
  #firstFrom(subject: string, offset: number): Promise<MessageReply['message'] | undefined> {
    return this.#message({ seq: offset, next_by_subj: subject });
  }

  async #message(request: object): Promise<MessageReply['message'] | undefined> {
    const reply = await ask<MessageReply>(this.#session, `${API}.MSG.GET.${this.#name}`, request);
    if (reply.error?.err_code === NO_MESSAGE) return undefined;
    // The stream may have been removed.
    if (reply.error !== undefined) await this.check();
    throwErrorOf(reply);
    return reply.message;
  }

  async #info(request?: object): Promise<InfoReply> {
    const info = await ask<InfoReply>(this.#session, `${API}.INFO.${this.#name}`, request);
    const isSame = info.error === undefined && epochOf(info) === this.#epoch;
    this.#leader ??= info.cluster?.leader;
    // The server that led the stream before may have kept messages without publishing them again.
    if (isSame && info.cluster?.leader === this.#leader) return info;
    // Unless only the leader has changed, the history is gone, and the next session starts with another epoch.
    const error = new Error(
      `The stream "${this.#name}" has been removed, recreated or changed, or another server leads it`,
    );
    this.#session.lose(error);
    throw new BrokerError('WS_ERR_BROKER_UNREACHABLE', error);
  }
}

/**
 * Rejects unless a stream with several replicas can store messages. A leader that has been cut off from the other servers does not notice
 * that for some seconds. Until then, it answers requests, with what it had before.
 */
async function checkLeader(session: Session, name: string, cluster: Cluster | undefined): Promise<void> {
  if (cluster?.leader === undefined) throw new Error(`The stream "${name}" has no leader`);
  // An error is an answer too, for example if the stream is full.
  await ask(session, `${name}.stored.${CHECK}`, new Uint8Array());
}

/** Reads the headers of a message that the stream has published again. Returns undefined for a message of another publisher. */
export function liveMessageOf(headers: MsgHdrs | undefined): LiveMessage | undefined {
  const offset = Number(headers?.get('Nats-Sequence'));
  const previous = Number(headers?.get('Nats-Last-Sequence'));
  return offset > 0 && previous >= 0 ? { offset, previous } : undefined;
}

/** Where a range continues after the messages that have been read. */
function startOf({ from }: Range, messages: readonly HistoryMessage[]): number {
  const last = messages.at(-1);
  return last === undefined ? from : last.offset + 1;
}

/** How long the stream keeps a message, in nanoseconds. 0 if messages do not expire. */
function maxAgeOf({ milliseconds }: HistorySettings): number {
  const age = Math.ceil(milliseconds) * NANOSECONDS;
  return age < LONGEST ? age : 0;
}

function epochOf({ created, config }: InfoReply): string {
  return `${created}/${config.max_msgs_per_subject}`;
}
