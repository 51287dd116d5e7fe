// The messages that wait for a connection.
import type { Message } from './events.ts';

const encoder = new TextEncoder();

/** Returns the length of a message in bytes, without framing. */
export function bytesOf(message: Message): number {
  if (typeof message === 'string') return encoder.encode(message).length;
  return 'size' in message ? message.size : message.byteLength;
}

/** Returns a message that the caller can no longer change. */
function owned(message: Message): Message {
  // Does not check classes, because bytes may come from another realm.
  if (typeof message === 'string' || 'size' in message) return message;
  if (!ArrayBuffer.isView(message)) return message.slice(0);
  return new Uint8Array(message.buffer, message.byteOffset, message.byteLength).slice();
}

/** Messages in the order of their `send()` calls, limited in number and in bytes. */
export class MessageQueue {
  #messages: { readonly message: Message; readonly bytes: number }[] = [];
  #bytes = 0;
  readonly #maxMessages: number;
  readonly #maxBytes: number;

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a message. Returns false if it exceeds a limit. */
  add(message: Message): boolean {
    const bytes = bytesOf(message);
    if (this.#messages.length >= this.#maxMessages || this.#bytes + bytes > this.#maxBytes) return false;
    // Otherwise an empty message would fit.
    if (this.#maxBytes === 0) return false;
    this.#messages.push({ message: owned(message), bytes });
    this.#bytes += bytes;
    return true;
  }

  /** Passes messages to `take` while it returns true. The rest stays in the queue. */
  flush(take: (message: Message) => boolean): void {
    const waiting = this.#messages;
    let taken = 0;
    try {
      for (; taken < waiting.length; taken++) {
        const next = waiting[taken];
        if (next === undefined || !take(next.message)) return;
        this.#bytes -= next.bytes;
      }
    } finally {
      this.#messages = waiting.slice(taken);
    }
  }
}
