// Listens to the `signal` option: while a client connects, and while it is open.

/** Calls `act` when the signal aborts. Returns a function that stops listening; undefined without a signal. */
export function onAbort(signal: AbortSignal | undefined, act: () => void): (() => void) | undefined {
  if (!signal) return undefined;
  signal.addEventListener('abort', act);
  return () => {
    signal.removeEventListener('abort', act);
  };
}

/** Creates the error that functions of Node report when a signal aborts. */
export function abortError({ reason }: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
