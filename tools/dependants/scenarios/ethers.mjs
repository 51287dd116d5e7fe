/** ethers: a provider that gets events from an Ethereum node. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers';
import { WebSocketProvider } from 'ethers';
import { jsonRpc, startService } from './support/local.mjs';

const ADDRESS = `0x${'ab'.repeat(20)}`;

test('Calls are answered, and listeners are called with new blocks', async () => {
  const node = await startService(
    jsonRpc({
      eth_chainId: () => '0x1',
      eth_blockNumber: () => '0x2a',
      eth_getBalance: () => '0x64',
      eth_getCode: () => `0x${'00ff'.repeat(50_000)}`,
      eth_subscribe(params, notify) {
        setImmediate(notify, {
          method: 'eth_subscription',
          params: { subscription: '0xfeed', result: { number: '0x2b' } },
        });
        return '0xfeed';
      },
      eth_unsubscribe: () => true,
    }),
  );
  const provider = new WebSocketProvider(node.url);
  assert.equal((await provider.getNetwork()).chainId, 1n);
  assert.equal(await provider.getBlockNumber(), 42);
  assert.deepEqual(await Promise.all([provider.getBalance(ADDRESS), provider.getCode(ADDRESS)]), [
    100n,
    `0x${'00ff'.repeat(50_000)}`,
  ]);
  const block = await new Promise((resolve) => provider.on('block', resolve));
  assert.equal(block, 43);
  const [client] = node.wss.clients;
  const closed = once(client, 'close');
  await provider.destroy();
  await closed;
  await node.end();
});
