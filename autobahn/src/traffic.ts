/** The traffic of one connection: counts of octets and frames, and the wire log of the case's report. */

import type { Frame, FrameHeader } from './frames.ts';

/** One row of a wire log: its kind, then its values (see the table in README.md). */
export type WireRow = readonly [kind: string, ...rest: unknown[]];

/** Counts by size of the chunk, or by opcode. */
export type Tally = Record<string, number>;

/** The most rows to keep, because a broken peer may send frames indefinitely. */
const MAX_ROWS = 1000;
/** How many octets of a chunk or payload a row shows. */
const SHOWN_OCTETS = 256;

/** Counts everything. Adds rows to the wire log only while {@link logging} is on. */
export class Traffic {
  readonly rxOctetStats: Tally = {};
  readonly txOctetStats: Tally = {};
  readonly rxFrameStats: Tally = {};
  readonly txFrameStats: Tally = {};
  readonly wirelog: WireRow[] = [];
  httpRequest = '';
  httpResponse = '';
  /** Octets read and written since the opening handshake. */
  received = 0;
  sent = 0;
  #logging = true;

  get logging(): boolean {
    return this.#logging;
  }

  /** Switches the wire log on or off, and adds a row about it. */
  set logging(on: boolean) {
    this.#logging = true;
    this.note('WLM', on);
    this.#logging = on;
  }

  /** Adds a row to the wire log. */
  note(...row: WireRow): void {
    if (this.#logging && this.wirelog.length < MAX_ROWS) this.wirelog.push(row);
  }

  octetsReceived(octets: Buffer): void {
    this.received += octets.length;
    add(this.rxOctetStats, octets.length);
    if (this.#logging) this.note('RO', octets.length, hex(octets));
  }

  octetsSent(octets: Buffer, sync: boolean): void {
    this.sent += octets.length;
    add(this.txOctetStats, octets.length);
    if (this.#logging) this.note('TO', octets.length, hex(octets), sync);
  }

  frameReceived(header: FrameHeader, payload: Buffer): void {
    add(this.rxFrameStats, header.opcode);
    if (!this.#logging) return;
    const { length, opcode, fin, rsv, mask } = header;
    this.note('RF', length, showOctets(payload), opcode, fin, rsv, mask !== null, mask && hex(mask));
  }

  frameSent(frame: Frame, mask: Buffer | null, chopSize: number | null, sync: boolean): void {
    add(this.txFrameStats, frame.opcode);
    if (!this.#logging) return;
    const { opcode, fin, rsv, payload } = frame;
    this.note(
      'TF',
      payload.length,
      showOctets(payload),
      opcode,
      fin,
      rsv,
      mask && hex(mask),
      null,
      chopSize,
      sync,
    );
  }
}

/** Returns octets as text if they are UTF-8, otherwise as `0x` and hex. Long ones are cut, with an ellipsis at the end. */
export function showOctets(octets: Buffer, limit: number = SHOWN_OCTETS): string {
  const shown = octets.subarray(0, limit);
  // A character that the limit cuts is dropped.
  const text = shown.toString('utf8').replace(/�$/, '');
  const faithful = Buffer.from(text).equals(shown.subarray(0, Buffer.byteLength(text)));
  const written = faithful && (octets.length === 0 || text !== '') ? text : `0x${shown.toString('hex')}`;
  return octets.length > limit ? `${written} …` : written;
}

function hex(octets: Buffer): string {
  const shown = octets.subarray(0, SHOWN_OCTETS).toString('hex');
  return octets.length > SHOWN_OCTETS ? `${shown} …` : shown;
}

function add(tally: Tally, key: number): void {
  tally[key] = (tally[key] ?? 0) + 1;
}
