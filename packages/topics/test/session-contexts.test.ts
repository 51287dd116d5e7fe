// The async context of the sessions of a broker. With real timers, because fake ones call back without a context.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Sessions } from '@framewire/topics/engine';
import { expect, test } from 'vitest';

test('each session opens in the async context of the program, whichever call reveals that the last one is lost', async () => {
  const store = new AsyncLocalStorage<string>();
  const stores: unknown[] = [];
  let lose = (_error: Error): void => {};
  let openedAgain = (): void => {};
  const again = new Promise<void>((resolve) => (openedAgain = resolve));
  const sessions = store.run(
    'program',
    () =>
      new Sessions((lost) => {
        lose = lost;
        if (stores.push(store.getStore()) === 2) openedAgain();
        return Promise.resolve({ close: () => {} });
      }),
  );
  await store.run('program', () => sessions.open());
  store.run('client', () => lose(new Error('cut')));
  await again;
  expect(stores).toEqual(['program', 'program']);
  await sessions.close();
});
