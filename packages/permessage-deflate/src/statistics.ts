// Statistics for operators: bytes before and after compression, and the time spent on it, by connection and for the process.

/** The compressed messages of one direction. */
export interface DirectionStatistics {
  /** How many messages were compressed. */
  readonly messages: number;
  /** Their uncompressed length in bytes. */
  readonly bytes: number;
  /** Their length in bytes on the wire, without framing. */
  readonly compressedBytes: number;
  /** How many messages were sent uncompressed: shorter than the threshold, or would not have shrunk. 0 for received messages. */
  readonly sentUncompressed: number;
  /** How long the event loop was blocked, in milliseconds. */
  readonly milliseconds: number;
  /** The time from start to end of jobs on the thread pool, in milliseconds, including the wait for a slot. */
  readonly threadPoolMilliseconds: number;
}

/** Both directions. */
export interface CompressionStatistics {
  readonly sent: DirectionStatistics;
  readonly received: DirectionStatistics;
}

/** Where time was spent. */
export type Place = 'event loop' | 'thread pool';

/** Counts one direction of a connection, and adds it to the total of the process. */
export class Counter {
  #messages = 0;
  #bytes = 0;
  #compressedBytes = 0;
  #sentUncompressed = 0;
  #milliseconds = 0;
  #threadPoolMilliseconds = 0;
  readonly #total: Counter | undefined;

  /** @param total a counter that receives every count too */
  constructor(total?: Counter) {
    this.#total = total;
  }

  /** Counts a transformed fragment. */
  addBytes(bytes: number, compressedBytes: number): void {
    this.#bytes += bytes;
    this.#compressedBytes += compressedBytes;
    this.#total?.addBytes(bytes, compressedBytes);
  }

  /** Counts a message whose last fragment has been transformed. */
  addMessage(): void {
    this.#messages++;
    this.#total?.addMessage();
  }

  addSentUncompressed(): void {
    this.#sentUncompressed++;
    this.#total?.addSentUncompressed();
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
      sentUncompressed: this.#sentUncompressed,
      milliseconds: this.#milliseconds,
      threadPoolMilliseconds: this.#threadPoolMilliseconds,
    };
  }
}

/** The totals of all connections of this process. */
export const processCounters = { sent: new Counter(), received: new Counter() };

/** Returns what permessage-deflate has done in this process so far, including closed connections. */
export function compressionStatistics(): CompressionStatistics {
  return { sent: processCounters.sent.snapshot(), received: processCounters.received.snapshot() };
}
