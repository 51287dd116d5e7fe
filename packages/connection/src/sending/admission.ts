// Decides whether a connection with `maxBufferedAmount` may send. Connections without that limit have no admission.
import { RecentBytes } from './recent-bytes.ts';

/** What the decision depends on: how many bytes are recent, and whether earlier fragments of the message were sent. */
export class Admission {
  /** The bytes that the peer cannot have read yet. */
  readonly recent = new RecentBytes();
  /** The decision on the message that is being sent in fragments, if any. */
  #fragments: 'none' | 'sent' | 'refused' = 'none';

  /**
   * Whether a frame may be sent. The fragments of a message are all sent or all refused.
   *
   * @param part a message, or a fragment of one; undefined for other frames
   * @param isFull whether the peer has left more than `maxBufferedAmount` bytes unread
   */
  admits(part: { readonly fin: boolean } | undefined, isFull: boolean): boolean {
    const isContinued = part !== undefined && this.#fragments !== 'none';
    const isAdmitted = isContinued ? this.#fragments === 'sent' : !isFull;
    if (part !== undefined) this.#fragments = part.fin ? 'none' : isAdmitted ? 'sent' : 'refused';
    return isAdmitted;
  }
}
