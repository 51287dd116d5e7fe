// The messages that a turn publishes to one topic go to Redis together: as one command, and as one message of the channel. The reason is
// that a command costs the client far more than a message does. The benchmark of brokers measures this with 16 messages at a time.
import { Buffer } from 'node:buffer';
import { nextTick } from 'node:process';

/** Redis does nothing else while it runs a command, so a batch has a limit. */
const MOST_MESSAGES = 256;
const MOST_BYTES = 65_536;

const LENGTH = 4;

/**
 * Publishes messages of a topic in one step.
 *
 * @returns what the `publish()` of each message resolves to
 */
export type SendBatch<R> = (topic: string, messages: readonly Buffer[]) => Promise<readonly R[]>;

interface Batch<R> {
  readonly messages: Buffer[];
  bytes: number;
  readonly results: Promise<readonly R[]>;
  readonly resolve: (results: Promise<readonly R[]>) => void;
}

/** The messages of a turn that have not been sent. */
export class Outbox<R> {
  readonly #send: SendBatch<R>;
  /** By topic, in the order in which they were begun. */
  readonly #batches = new Map<string, Batch<R>>();

  constructor(send: SendBatch<R>) {
    this.#send = send;
  }

  /** Sends a message at the end of the turn, with the others of its topic. */
  async add(topic: string, message: Buffer): Promise<R> {
    const batch = this.#batches.get(topic) ?? this.#begin(topic);
    const index = batch.messages.push(message) - 1;
    batch.bytes += message.length;
    if (batch.messages.length >= MOST_MESSAGES || batch.bytes >= MOST_BYTES) this.#sendBatch(topic, batch);
    return (await batch.results)[index] as R;
  }

  /** Sends everything now, before a command that must not overtake it. */
  flush(): void {
    for (const [topic, batch] of this.#batches) this.#sendBatch(topic, batch);
  }

  #begin(topic: string): Batch<R> {
    if (this.#batches.size === 0) nextTick(() => this.flush());
    let resolve: Batch<R>['resolve'] = () => {};
    const results = new Promise<readonly R[]>((settle) => {
      resolve = settle;
    });
    const batch = { messages: [], bytes: 0, results, resolve };
    this.#batches.set(topic, batch);
    return batch;
  }

  #sendBatch(topic: string, { messages, resolve }: Batch<R>): void {
    this.#batches.delete(topic);
    resolve(this.#send(topic, messages));
  }
}

/** Joins messages: each follows its length. The script that publishes with a history does the same. */
export function pack(messages: readonly Buffer[]): Buffer {
  const parts = messages.flatMap((message) => {
    const length = Buffer.allocUnsafe(LENGTH);
    length.writeUInt32BE(message.length);
    return [length, message];
  });
  return Buffer.concat(parts);
}

/** Returns the messages that {@link pack} has joined. Ignores bytes that it has not made. */
export function unpack(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + LENGTH <= bytes.length;) {
    const end = at + LENGTH + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at + LENGTH, end));
    at = end;
  }
  return messages;
}
