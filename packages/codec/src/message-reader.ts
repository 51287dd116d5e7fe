// Reads whole messages and control frames from bytes. The extension must work synchronously.
import { CloseCode } from './close-code.ts';
import type { Extension, TransformDone } from './extension.ts';
import { FrameDecoder } from './frame-decoder.ts';
import type { Frame } from './frame.ts';
import { MessageAssembler, type Message } from './message-assembler.ts';
import { isControl, Opcode } from './opcode.ts';
import { protocolError } from './protocol-error.ts';
import { isUtf8 } from './utf8.ts';

/** How a {@link MessageReader} reads. */
export interface MessageReaderOptions {
  readonly role: 'client' | 'server';
  readonly maxPayload: number;
  readonly maxFragments: number | undefined;
  readonly skipUtf8Validation: boolean;
  readonly extension: Extension | undefined;
}

export class MessageReader {
  readonly #decoder: FrameDecoder;
  readonly #assembler: MessageAssembler;
  readonly #extension: Extension | undefined;
  readonly #skipUtf8Validation: boolean;

  constructor(options: MessageReaderOptions) {
    const { role, maxPayload, extension } = options;
    this.#decoder = new FrameDecoder({ role, maxPayload, allowRsv1: extension !== undefined });
    this.#assembler = new MessageAssembler(options);
    this.#extension = extension;
    this.#skipUtf8Validation = options.skipUtf8Validation;
  }

  push(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
  }

  /**
   * Returns the next control frame or message, or `undefined` when more bytes are needed.
   *
   * @throws a `ProtocolError`, or the error of the extension. Nothing can be read afterwards.
   */
  next(): Frame | Message | undefined {
    for (let frame; (frame = this.#decoder.next()) !== undefined;) {
      if (isControl(frame.opcode)) return frame;
      const message = this.#assembler.add(frame);
      if (message !== undefined) return message.compressed ? this.#decompressed(message) : message;
    }
    if (this.#decoder.partial !== undefined) this.#assembler.preview(this.#decoder.partial);
    return undefined;
  }

  #decompressed({ opcode, data }: Message): Message {
    // There must be an extension: without one, the decoder rejects RSV1.
    const [error, original] = resultOf((done) => this.#extension?.decompress(data, done));
    if (original === undefined) throw error ?? new Error('The extension did not return the data');
    if (opcode === Opcode.TEXT && !this.#skipUtf8Validation && !isUtf8(original)) {
      throw protocolError('INVALID_UTF8');
    }
    return { opcode, compressed: false, data: original };
  }
}

/** Returns the arguments that an extension passes to its callback, or an error if it does not call back before its method returns. */
export function resultOf(transform: (done: TransformDone) => void): Parameters<TransformDone> {
  let result: Parameters<TransformDone> | undefined;
  transform((error, data) => {
    result = data === undefined ? [error] : [error, data];
  });
  const late = 'The extension of an Endpoint must call back before its methods return';
  return result ?? [Object.assign(new Error(late), { closeCode: CloseCode.INTERNAL_ERROR })];
}
