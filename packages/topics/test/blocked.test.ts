// A process whose event loop is blocked.
import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { heartbeat } from '@framewire/topics/engine';
import { onTestFinished, test } from 'vitest';

const INTERVAL = 20;

test('a heartbeat continues when the answer has arrived while this process was blocked', async () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  /** The interval ends, and the answer arrives, in the same turn of the event loop. */
  const answerAndBlock = (): void => {
    port2.postMessage('pong');
    const end = performance.now() + 2 * INTERVAL;
    while (performance.now() < end);
  };
  await new Promise<void>((resolve, reject) => {
    let pings = 0;
    const ping = async (): Promise<void> => {
      if (++pings === 2) {
        end();
        resolve();
        return;
      }
      setImmediate(answerAndBlock);
      await once(port1, 'message');
    };
    const end = heartbeat(INTERVAL, ping, reject);
  });
});
