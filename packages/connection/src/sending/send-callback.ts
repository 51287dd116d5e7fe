// The callbacks of sends, and how they are called.
import { AsyncResource } from 'node:async_hooks';
import { nextTick } from '../scheduling.ts';

/** Called when what was sent has been handed to the kernel, or with the reason why it will not be. */
export type SendCallback = (error?: Error) => void;

/**
 * The callback, to be called once, in the async context in which it was passed. What a turn has gathered leaves in one write, in the
 * context of one of its senders.
 */
export function inOwnContext(callback: SendCallback): SendCallback {
  // Destroyed below: leaving that to the garbage collector costs more than a send.
  const context = new AsyncResource('WebSocketSend', { requireManualDestroy: true });
  return (error) => {
    try {
      context.runInAsyncScope(callback, undefined, error);
    } finally {
      context.emitDestroy();
    }
  };
}

/** The error of a send for a peer that has left too much unread. */
export function bufferedAmountError(): Error & { readonly code: string } {
  return Object.assign(new Error('Max buffered amount exceeded'), {
    code: 'WS_ERR_BUFFERED_AMOUNT_EXCEEDED',
  });
}

/** The error of a message that was not sent, as its peer has left too much unread. */
export function droppedError(): Error & { readonly code: string } {
  return Object.assign(new Error('The message was dropped: the peer reads too slowly'), {
    code: 'WS_ERR_MESSAGE_DROPPED',
  });
}

/**
 * Calls all callbacks in order. One that throws keeps neither the others from being called nor the stream from going on: its
 * exception comes up in a tick of its own.
 */
export function settle(callbacks: readonly SendCallback[], outcome: Error | null | undefined): void {
  for (const callback of callbacks) {
    try {
      callback(outcome ?? undefined);
    } catch (error) {
      throwLater(error);
    }
  }
}

/** One callback that settles all of those with what a stream tells first. */
export function settling(callbacks: readonly SendCallback[]): (outcome?: Error | null) => void {
  let settled = false;
  return (outcome) => {
    // A stream may throw when it has called back.
    if (settled) return;
    settled = true;
    settle(callbacks, outcome);
  };
}

/** Lets an exception that is the user's come up in a tick of its own. */
export function throwLater(error: unknown): void {
  nextTick(rethrow, error);
}

function rethrow(error: unknown): never {
  throw error;
}
