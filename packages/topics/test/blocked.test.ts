// A process whose event loop is blocked.
import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { heartbeat } from '@framewire/topics/engine';
import { onTestFinished, test } from 'vitest';

const INTERVAL = 20;

test('a heartbeat continues when the answer has arrived while this process was blocked', async () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  await new Promise<void>((resolve, reject) => {
    let pings = 0;
    const ping = async (): Promise<void> => {
      if (++pings === 2) {
        end();
        resolve();
        return;
      }
      const answer = once(port1, 'message');
      port2.postMessage('pong');
      const until = performance.now() + 2 * INTERVAL;
      while (performance.now() < until);
      await answer;
    };
    const end = heartbeat(INTERVAL, ping, reject);
  });
});
