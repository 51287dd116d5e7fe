// The callbacks of sends, and the errors that they are called with.
import { AsyncResource } from 'node:async_hooks';
import { throwLater } from '../scheduling.ts';

/** Called when the data has been handed to the kernel, or with an error. */
export type SendCallback = (error?: Error) => void;

/**
 * Returns a function that calls the callback in the current async context. The function must be called only once. It is needed because one
 * write may contain the frames of several sends, and its own callback runs in the context of only one of them.
 */
export function inOwnContext(callback: SendCallback): SendCallback {
  // Destroyed explicitly, because leaving that to the garbage collector is slow.
  const context = new AsyncResource('WebSocketSend', { requireManualDestroy: true });
  return (error) => {
    try {
      context.runInAsyncScope(callback, undefined, error);
    } finally {
      context.emitDestroy();
    }
  };
}

/** The error of a send when the peer has left too much unread. */
export function bufferedAmountError(): Error & { readonly code: string } {
  return Object.assign(new Error('Max buffered amount exceeded'), {
    code: 'WS_ERR_BUFFERED_AMOUNT_EXCEEDED',
  });
}

/** The error of a message that was dropped because the peer has left too much unread. */
export function droppedError(): Error & { readonly code: string } {
  return Object.assign(new Error('The message was dropped: the peer reads too slowly'), {
    code: 'WS_ERR_MESSAGE_DROPPED',
  });
}

/**
 * Calls all callbacks in order. An exception from one affects neither the other callbacks nor the stream: it is thrown in a tick of its
 * own.
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

/** Returns a function that calls all callbacks with the same outcome. Calls after the first have no effect. */
export function settling(callbacks: readonly SendCallback[]): (outcome?: Error | null) => void {
  let settled = false;
  return (outcome) => {
    // A stream may call back and then throw.
    if (settled) return;
    settled = true;
    settle(callbacks, outcome);
  };
}
