// How one message is sent: the options that the application passes, and the form in which the sending side takes them.
import { Opcode, type DataOpcode } from '@framewire/codec';

/** How to send one message. */
export interface SendOptions {
  /** Whether the message is binary. Default: whether the data is not a string. */
  binary?: boolean | undefined;
  /** Whether the message may be compressed, if compression was negotiated. Default true. */
  compress?: boolean | undefined;
  /** Whether this is the last fragment of its message. Default true. */
  fin?: boolean | undefined;
  /** Whether the frame is masked (§5.1). Default: true for a client, false for a server. */
  mask?: boolean | undefined;
}

/** How one message, or one fragment of it, is to be sent. */
export interface SendMode {
  readonly opcode: DataOpcode;
  /** Whether this is the last fragment of its message. */
  readonly fin: boolean;
  /** Whether the extension may compress it. */
  readonly compress: boolean;
  readonly masked: boolean;
}

/** The modes of nearly all messages. They are shared, so that a send does not allocate one. */
const USUAL_MODES = [false, true].map((masked) => ({
  text: { opcode: Opcode.TEXT, fin: true, compress: true, masked },
  binary: { opcode: Opcode.BINARY, fin: true, compress: true, masked },
}));

/**
 * The mode for the options of one call.
 *
 * @param options a program without types may pass null
 * @param masks whether this end masks its frames
 */
export function modeOf(options: SendOptions | null | undefined, isText: boolean, masks: boolean): SendMode {
  const { text, binary } = USUAL_MODES[masks ? 1 : 0] as (typeof USUAL_MODES)[0];
  const usual = (options?.binary ?? !isText) ? binary : text;
  const fin = options?.fin ?? true;
  const compress = options?.compress ?? true;
  const masked = options?.mask ?? masks;
  return fin && compress && masked === masks ? usual : { opcode: usual.opcode, fin, compress, masked };
}
