// What an operator sees: bytes before and after, and the time that it took; of a connection and of the process.

/** One direction: messages that were compressed, as they were meant and as they went over the wire. */
export interface DirectionStatistics {
  /** Messages that went compressed. */
  readonly messages: number;
  /** Their length in bytes, uncompressed. */
  readonly bytes: number;
  /** Their length in bytes on the wire, framing not included. */
  readonly compressedBytes: number;
  /** Messages that were sent as they are: shorter than the threshold, or nothing would have been gained. 0 for what was received. */
  readonly leftAsTheyAre: number;
  /** For how long the event loop was held up, in milliseconds. */
  readonly milliseconds: number;
  /** From begin to end of what was done on the thread pool, in milliseconds, waiting for a place there included. */
  readonly threadPoolMilliseconds: number;
}

/** Both directions. */
export interface CompressionStatistics {
  readonly sent: DirectionStatistics;
  readonly received: DirectionStatistics;
}

/** Where time has passed: in the event loop, which it held up, or beside it. */
export type Place = 'event loop' | 'thread pool';

/** Counts one direction of a connection, and of the process beside it. */
export class Counter {
  #messages = 0;
  #bytes = 0;
  #compressedBytes = 0;
  #leftAsTheyAre = 0;
  #milliseconds = 0;
  #threadPoolMilliseconds = 0;
  readonly #total: Counter | undefined;

  /** @param total what is counted here is counted there too */
  constructor(total?: Counter) {
    this.#total = total;
  }

  /** A piece of a message has become another: of `bytes` bytes `compressedBytes`, or the other way round. */
  addBytes(bytes: number, compressedBytes: number): void {
    this.#bytes += bytes;
    this.#compressedBytes += compressedBytes;
    this.#total?.addBytes(bytes, compressedBytes);
  }

  /** The last piece of a message has been transformed. */
  addMessage(): void {
    this.#messages++;
    this.#total?.addMessage();
  }

  addLeftAsItIs(): void {
    this.#leftAsTheyAre++;
    this.#total?.addLeftAsItIs();
  }

  addTime(milliseconds: number, place: Place): void {
    if (place === 'event loop') this.#milliseconds += milliseconds;
    else this.#threadPoolMilliseconds += milliseconds;
    this.#total?.addTime(milliseconds, place);
  }

  snapshot(): DirectionStatistics {
    return {
      messages: this.#messages,
      bytes: this.#bytes,
      compressedBytes: this.#compressedBytes,
      leftAsTheyAre: this.#leftAsTheyAre,
      milliseconds: this.#milliseconds,
      threadPoolMilliseconds: this.#threadPoolMilliseconds,
    };
  }
}

/** All connections that there have been in this process. */
export const processCounters = { sent: new Counter(), received: new Counter() };

/** What permessage-deflate has done in this process so far, on all its connections, those that are over included. */
export function compressionStatistics(): CompressionStatistics {
  return { sent: processCounters.sent.snapshot(), received: processCounters.received.snapshot() };
}
