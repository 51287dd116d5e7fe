// Whether a send is within `maxBufferedAmount`. Only connections with that limit have an admission.
import { RecentBytes } from './recent-bytes.ts';

/** The bytes that the peer has had no chance to read, and the decision on the message that is being sent in fragments. */
export class Admission {
  /** The bytes that the peer cannot have read yet. */
  readonly recent = new RecentBytes();
  /** The decision on the message that has fragments still to be sent, if there is one. */
  #fragments: 'none' | 'sent' | 'refused' = 'none';

  /**
   * Whether a frame may be sent. The fragments of a message are all sent or all refused.
   *
   * @param part a message, or a fragment of one; undefined for other frames
   */
  admits(part: { readonly fin: boolean } | undefined, isFull: boolean): boolean {
    const isContinued = part !== undefined && this.#fragments !== 'none';
    const isAdmitted = isContinued ? this.#fragments === 'sent' : !isFull;
    if (part !== undefined) this.#fragments = part.fin ? 'none' : isAdmitted ? 'sent' : 'refused';
    return isAdmitted;
  }
}
