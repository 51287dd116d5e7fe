// The frames that an endpoint has for its peer.
import { kernel } from '#kernels';
import { writeFrame, writeTextFrame } from './frame-encoder.ts';
import { firstByte, frameHeaderSize } from './frame-header.ts';
import type { MaskingKey } from './masking.ts';
import { Opcode } from './opcode.ts';

/**
 * How many pings are answered between two calls of {@link EndpointOutput.take}. Of the pings after them, only the newest is answered, so
 * that a peer cannot fill the memory with pongs. §5.5.3 allows this.
 */
const MAX_PONGS = 60;

const PONG = firstByte(Opcode.PONG, true, false);

export class EndpointOutput {
  readonly #maskingKey: (() => MaskingKey) | undefined;
  #frames: Uint8Array[] = [];
  #pongs = 0;
  /** The newest ping after {@link MAX_PONGS} others. */
  #newestPing: Uint8Array | undefined = undefined;

  /** @param maskingKey makes the masking key of each frame; undefined for a server, which does not mask (§5.1) */
  constructor(maskingKey: (() => MaskingKey) | undefined) {
    this.#maskingKey = maskingKey;
  }

  /** Adds a frame. The payload is copied. */
  write(header: number, payload: string | Uint8Array): void {
    const key = this.#maskingKey?.();
    const length = typeof payload === 'string' ? kernel.utf8Length(payload) : payload.length;
    const frame = kernel.allocate(frameHeaderSize(length, key !== undefined) + length);
    if (typeof payload === 'string') writeTextFrame(frame, 0, header, payload, key);
    else writeFrame(frame, 0, header, payload, key);
    this.#frames.push(frame);
  }

  /** Adds the pong for a ping. */
  answerPing(payload: Uint8Array): void {
    if (this.#pongs++ < MAX_PONGS) this.write(PONG, payload);
    else this.#newestPing = new Uint8Array(payload); // `slice()` of a `Buffer` would return a view.
  }

  /**
   * Removes and returns the frames, in order.
   *
   * @param maySend whether the endpoint may still send a pong for the newest ping
   */
  take(maySend: boolean): Uint8Array[] {
    if (this.#newestPing !== undefined && maySend) this.write(PONG, this.#newestPing);
    const frames = this.#frames;
    this.#frames = [];
    this.#pongs = 0;
    this.#newestPing = undefined;
    return frames;
  }
}
