// A consumer of JetStream, which reads the stored messages of one topic in batches.
import type { HistoryMessage } from '@framewire/topics';
import type { Msg } from '@nats-io/transport-node';
import { ask, NANOSECONDS, throwErrorOf, type Reply } from './api.ts';
import type { Session } from './session.ts';

const API = '$JS.API.CONSUMER';

/** The limits of a batch. NATS closes a connection that reads more slowly than NATS writes to it, so a batch must not be large. */
const MOST_MESSAGES = 256;
const MOST_BYTES = 524_288;

/** How long a batch waits for a message that the stream should have, in ms. A replica of the stream may have it later. */
const WAIT = 1000;

/** How long NATS keeps a consumer that is not used, in ms. Matters only if the connection is lost before the consumer is removed. */
const LIFETIME = 30_000;

interface CreateReply extends Reply {
  readonly name: string;
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

/** Reads a range of messages of a stream. Leaves out messages that the stream removes in the meantime. */
export async function readRange(session: Session, stream: string, range: Range): Promise<HistoryMessage[]> {
  const created = await ask<CreateReply>(session, `${API}.CREATE.${stream}`, {
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
  throwErrorOf(created);
  const name = `${stream}.${created.name}`;
  try {
    return await new Reader(session, name, range.to).read();
  } finally {
    session.request(`${API}.DELETE.${name}`, '').catch(ignore);
  }
}

/** Reads the messages of a consumer, up to an offset. */
class Reader {
  readonly #session: Session;
  readonly #consumer: string;
  readonly #to: number;
  readonly #messages: HistoryMessage[] = [];
  /** How many messages the consumer has delivered, and the offset of the last one. */
  #delivered = 0;
  #last = 0;

  constructor(session: Session, consumer: string, to: number) {
    this.#session = session;
    this.#consumer = consumer;
    this.#to = to;
  }

  async read(): Promise<HistoryMessage[]> {
    while (this.#last < this.#to) {
      // A batch ends before a message that is longer than its limit, so that message needs a batch without one.
      const isMore =
        (await this.#readBatch(MOST_MESSAGES, MOST_BYTES)) || (await this.#readBatch(1, undefined));
      // The stream has removed the rest of the range, or the consumer does not have it. The caller checks which.
      if (!isMore) break;
    }
    return this.#messages;
  }

  /** Returns whether it has read anything. */
  async #readBatch(batch: number, bytes: number | undefined): Promise<boolean> {
    const expires = Math.ceil(Math.min(WAIT, this.#session.timeout / 2) * NANOSECONDS);
    const request = JSON.stringify({ batch, max_bytes: bytes, expires });
    const start = this.#delivered;
    await this.#session.requestMany(`${API}.MSG.NEXT.${this.#consumer}`, request, (answer) => {
      const place = placeOf(answer);
      // The batch has ended early.
      if (place === undefined) return true;
      this.#take(answer, place);
      return this.#last >= this.#to || this.#delivered === start + batch;
    });
    return this.#delivered > start;
  }

  #take({ data }: Msg, { number, offset }: Place): void {
    if (number !== ++this.#delivered) throw new Error('NATS has lost a message');
    this.#last = offset;
    if (offset <= this.#to) this.#messages.push({ data, offset });
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
