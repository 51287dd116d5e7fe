// What is known of a peer that has a limit. A connection has an admission only if it has `maxBufferedAmount`.
import { RecentBytes } from './recent-bytes.ts';

/** How much the peer may still read, and what became of the last message that it was sent in fragments. */
export class Admission {
  /** What the peer cannot have read yet. */
  readonly recent = new RecentBytes();
  /** What became of the fragments so far of a message that has more to come. */
  #fragments: 'none' | 'sent' | 'refused' = 'none';

  /**
   * Whether something may be sent. A message is sent as a whole, or not at all.
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
