// Async contexts (`AsyncLocalStorage`): a callback runs in the one in which it was passed, whoever's engine did the work.
import { AsyncResource } from 'node:async_hooks';

const TYPE = 'PerMessageDeflate';

/** Captures the context in which it is called, for a callback that has to wait. What completes synchronously needs no capture. */
export function inThisContext<Arguments extends unknown[]>(
  callback: (...args: Arguments) => void,
): (...args: Arguments) => void {
  const resource = new AsyncResource(TYPE);
  return (...args) => {
    resource.runInAsyncScope(callback, undefined, ...args);
  };
}

const nobody = new AsyncResource(TYPE);

/** Makes what several connections use: it must not keep the context of the first of them alive. */
export function inNoContext<Made>(make: () => Made): Made {
  return nobody.runInAsyncScope(make);
}
