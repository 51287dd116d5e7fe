// Pings to an engine. One that is not answered reveals a connection that was cut silently.
import { clearDeadline, setDeadline, setImmediate, type Deadline } from '@framewire/connection';

/**
 * Sends a ping, and the next one `interval` after each answer.
 *
 * @param interval in ms; also how long the engine may take to answer
 * @param lost called with an error, at most once, when a ping fails or is not answered in time
 * @returns a function that ends the heartbeat
 * @throws `RangeError` for an interval that is not above 0
 */
export function heartbeat(
  interval: number,
  ping: () => Promise<unknown>,
  lost: (error: Error) => void,
): () => void {
  if (!(interval > 0)) throw new RangeError('The interval must be greater than 0');
  let timer: Deadline | undefined;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    clearDeadline(timer);
  };
  const fail = (error: Error): void => {
    if (isOver) return;
    end();
    lost(error);
  };
  const wait = (): void => {
    if (isOver) return;
    clearDeadline(timer);
    timer = setDeadline(interval, beat, undefined).unref();
  };
  const beat = (): void => {
    let isAnswered = false;
    // If this process was blocked, the answer may have arrived. It is read later in this turn of the event loop.
    const expire = (): void => {
      setImmediate(() => {
        if (!isAnswered) fail(new Error(`The broker has not answered for ${interval} ms`));
      });
    };
    timer = setDeadline(interval, expire, undefined).unref();
    ping().then(() => {
      isAnswered = true;
      wait();
    }, fail);
  };
  wait();
  return end;
}
