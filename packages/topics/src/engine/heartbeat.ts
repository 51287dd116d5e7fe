// Pings to an engine. One that is not answered reveals a connection that was cut silently.
import { clearDeadline, setDeadline, type Deadline } from '@framewire/connection';

/**
 * Sends a ping, and the next one `interval` after each answer.
 *
 * @param interval in ms; also how long the engine may take to answer
 * @param lost called with an error, at most once, when a ping fails or is not answered in time
 * @returns a function that ends the heartbeat
 */
export function heartbeat(
  interval: number,
  ping: () => Promise<unknown>,
  lost: (error: Error) => void,
): () => void {
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
    const expire = (): void => fail(new Error(`No answer for ${interval} ms`));
    timer = setDeadline(interval, expire, undefined).unref();
    ping().then(wait, fail);
  };
  wait();
  return end;
}
