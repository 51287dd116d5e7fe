/** Plays a case of sections 12 and 13: sends compressed messages, each after the previous echo, and checks each echo. */

import { closeBody } from './notation.ts';
import { CloseCode } from './close-codes.ts';
import { dataSet } from './data-sets.ts';
import { Opcode, RSV1, fragment } from './frames.ts';
import { PackedSequences } from './packed-sequences.ts';
import { startEndTimer } from './players.ts';
import type { CompressedConduct, LogEvent } from './case.ts';
import type { Compression } from './compression.ts';
import type { DataSet } from './data-sets.ts';
import type { Engine } from './engine.ts';
import type { PackedSequence } from './packed-sequences.ts';
import type { Player, TrafficStats } from './players.ts';
import type { Tally } from './traffic.ts';
import type { Behavior } from './verdict.ts';

const sequences = new PackedSequences();

export class CompressedPlayer implements Player {
  readonly received: LogEvent[] = [];
  readonly expected = {};
  trafficStats: TrafficStats | null = null;
  readonly #engine: Engine;
  readonly #compression: Compression;
  readonly #conduct: CompressedConduct;
  readonly #count: number;
  readonly #data: DataSet;
  readonly #packed: PackedSequence;
  readonly #outgoing = { plain: 0, packed: 0 };
  #echoes = 0;
  #position = 0;
  /** The message whose echo is expected next; after the last echo, the last message. */
  #expected: Buffer = Buffer.alloc(0);
  #behavior: Behavior = 'FAILED';

  /** @param count how many messages to exchange. Normally, that is the count of the case. */
  constructor(engine: Engine, conduct: CompressedConduct, compression: Compression, count: number) {
    this.#engine = engine;
    this.#conduct = conduct;
    this.#compression = compression;
    this.#count = count;
    this.#data = dataSet(conduct.data);
    this.#packed = sequences.get(conduct.data, conduct.length, compression.own);
  }

  start(): void {
    this.#engine.traffic.logging = false;
    startEndTimer(this.#engine, this.#conduct.seconds);
    void this.#sendNext();
  }

  message(kind: 'text' | 'binary', payload: Buffer): void {
    const good = (kind === 'text') === this.#data.isText && payload.equals(this.#expected);
    if (good && this.#echoes < this.#count) this.#echoes += 1;
    if (good && this.#echoes < this.#count) {
      void this.#sendNext();
      return;
    }
    // The last message decides, even one after the last echo.
    this.#behavior = good ? 'OK' : 'FAILED';
    this.trafficStats ??= good ? this.#statistics() : null;
    this.#close();
  }

  pong(): void {
    this.#close();
  }

  observed(): Behavior {
    return this.#behavior;
  }

  async #sendNext(): Promise<void> {
    const { length, fragmentSize } = this.#conduct;
    const payload = this.#data.read(this.#position, length);
    this.#expected = payload;
    this.#position = (this.#position + length) % this.#data.size;
    const packed = await this.#packed.message(this.#echoes);
    if (this.#engine.state !== 'open') return;
    this.#outgoing.plain += payload.length;
    this.#outgoing.packed += packed.length;
    const opcode = this.#data.isText ? Opcode.text : Opcode.binary;
    this.#engine.send(fragment(opcode, packed, fragmentSize, RSV1), 'plain');
  }

  #close(): void {
    this.#engine.traffic.logging = true;
    this.#engine.close(closeBody(CloseCode.normal));
  }

  #statistics(): TrafficStats {
    const { traffic } = this.#engine;
    const { plain, packed } = this.#compression.incoming;
    // An echo is as long as its message. If the peer did not compress it, it counts with that length.
    const incoming = { plain: this.#outgoing.plain, packed: packed + this.#outgoing.plain - plain };
    return {
      preopenOutgoingOctetsWireLevel: Buffer.byteLength(this.#preopen().outgoing),
      preopenIncomingOctetsWireLevel: Buffer.byteLength(this.#preopen().incoming),
      ...direction('outgoing', this.#outgoing, traffic.sent, traffic.txFrameStats, this.#count),
      ...direction('incoming', incoming, traffic.received, traffic.rxFrameStats, this.#count),
    };
  }

  #preopen(): { outgoing: string; incoming: string } {
    const { httpRequest, httpResponse } = this.#engine.traffic;
    return this.#engine.isServer
      ? { outgoing: httpResponse, incoming: httpRequest }
      : { outgoing: httpRequest, incoming: httpResponse };
  }
}

function direction(
  name: 'outgoing' | 'incoming',
  { plain, packed }: { plain: number; packed: number },
  wire: number,
  frames: Tally,
  messages: number,
): Record<string, number | null> {
  const data: readonly number[] = [Opcode.continuation, Opcode.text, Opcode.binary];
  return {
    [`${name}OctetsAppLevel`]: plain,
    [`${name}OctetsWebSocketLevel`]: packed,
    [`${name}OctetsWireLevel`]: wire,
    [`${name}CompressionRatio`]: plain === 0 ? null : packed / plain,
    [`${name}WebSocketOverhead`]: packed === 0 ? null : (wire - packed) / packed,
    [`${name}WebSocketFrames`]: data.reduce((sum, opcode) => sum + (frames[opcode] ?? 0), 0),
    [`${name}WebSocketMessages`]: messages,
  };
}
