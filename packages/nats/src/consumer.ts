// A consumer of JetStream, which reads the stored messages of one topic in batches.
import { BrokerError, type HistoryMessage } from '@framewire/topics';
import type { Msg } from '@nats-io/transport-node';
import { NANOSECONDS } from './api.ts';
import type { Session } from './session.ts';

const API = '$JS.API.CONSUMER';

/** The limits of a batch. NATS closes a connection that reads more slowly than NATS writes to it, so a batch must not be large. */
const MOST_MESSAGES = 256;
const MOST_BYTES = 524_288;

/**
 * How long a consumer may take to answer, and how long a batch waits for a message that the stream should have, in ms. A replica of the
 * stream may have it later.
 */
const WAIT = 1000;

/** How long NATS keeps a consumer that is not used, in ms. Matters only if the connection is lost before the consumer is removed. */
const LIFETIME = 30_000;

/** The answer to a request for a consumer. An error has no name. */
interface CreateReply {
  readonly name?: string;
}

/** A range of messages of a subject. */
export interface Range {
  readonly subject: string;
  readonly from: number;
  /** The offset of the last message. */
  readonly to: number;
}

/** The place of a message in the stream, and among those of its consumer. */
interface Place {
  readonly offset: number;
  readonly number: number;
}

/**
 * Reads a range of messages of a stream. Leaves out messages that the stream removes in the meantime, and stops early if the consumer stops,
 * or does not answer. In a cluster, it may be on a server that cannot be reached, although the stream can.
 */
export async function readRange(session: Session, stream: string, range: Range): Promise<HistoryMessage[]> {
  const request = JSON.stringify({
    stream_name: stream,
    config: {
      filter_subject: range.subject,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: range.from,
      ack_policy: 'none',
      mem_storage: true,
      inactive_threshold: LIFETIME * NANOSECONDS,
    },
  });
  const messages: HistoryMessage[] = [];
  try {
    const answer = await session.attempt(`${API}.CREATE.${stream}`, request, waitOf(session));
    const { name } = JSON.parse(answer) as CreateReply;
    // NATS has refused it, for example because there are too many consumers.
    if (name === undefined) return messages;
    const consumer = `${stream}.${name}`;
    try {
      await new Reader(session, consumer, range, messages).read();
    } finally {
      session.attempt(`${API}.DELETE.${consumer}`, '', waitOf(session)).catch(ignore);
    }
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
  }
  return messages;
}

/** How long an answer, or a message, may take, in ms. */
function waitOf({ timeout }: Session): number {
  return Math.ceil(Math.min(WAIT, timeout / 2));
}

/** Reads the messages of a consumer, up to the end of a range. */
class Reader {
  readonly #session: Session;
  readonly #consumer: string;
  readonly #range: Range;
  readonly #messages: HistoryMessage[];
  /** How many messages the consumer has delivered, and the offset of the last one. */
  #delivered = 0;
  #last = 0;

  /** @param messages receives the messages */
  constructor(session: Session, consumer: string, range: Range, messages: HistoryMessage[]) {
    this.#session = session;
    this.#consumer = consumer;
    this.#range = range;
    this.#messages = messages;
  }

  async read(): Promise<void> {
    while (this.#last < this.#range.to) {
      // A batch ends before a message that is longer than its limit, so that message needs a batch without one.
      const isMore =
        (await this.#readBatch(MOST_MESSAGES, MOST_BYTES)) || (await this.#readBatch(1, undefined));
      // The stream has removed the rest of the range, or the consumer does not have it. The caller finds out which.
      if (!isMore) return;
    }
  }

  /** Returns whether it has read anything. */
  async #readBatch(batch: number, bytes: number | undefined): Promise<boolean> {
    const wait = waitOf(this.#session);
    const request = JSON.stringify({ batch, max_bytes: bytes, expires: wait * NANOSECONDS });
    const start = this.#delivered;
    // Later than the end of the batch.
    await this.#session.attemptMany(`${API}.MSG.NEXT.${this.#consumer}`, request, 2 * wait, (answer) => {
      const place = placeOf(answer);
      // The batch has ended early.
      if (place === undefined) return true;
      this.#take(answer, place);
      return this.#last >= this.#range.to || this.#delivered === start + batch;
    });
    return this.#delivered > start;
  }

  #take({ data }: Msg, { number, offset }: Place): void {
    const { from, to } = this.#range;
    if (number !== ++this.#delivered) throw new Error('NATS has lost a message');
    this.#last = offset;
    // If the consumer is on a replica that does not have the start of the range yet, it starts earlier.
    if (offset >= from && offset <= to) this.#messages.push({ data, offset });
  }
}

/** Returns the place of a message of a consumer. Its reply subject has it. Returns undefined for other answers. */
function placeOf({ reply = '' }: Msg): Place | undefined {
  if (!reply.startsWith('$JS.ACK.')) return undefined;
  const tokens = reply.split('.');
  // Newer servers put the domain and the account before the name of the stream.
  const at = tokens.length > 9 ? 7 : 5;
  return { offset: Number(tokens[at]), number: Number(tokens[at + 1]) };
}

function ignore(): void {}
