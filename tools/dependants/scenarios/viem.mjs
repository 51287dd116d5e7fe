/** viem: a client of an Ethereum node, over a persistent connection. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers';
import { createPublicClient, webSocket } from 'viem';
import { jsonRpc, startService } from './support/local.mjs';

const ADDRESS = `0x${'ab'.repeat(20)}`;

test('Many concurrent calls are answered, and a subscription gets new blocks', async () => {
  const node = await startService(
    jsonRpc({
      eth_chainId: () => '0x1',
      eth_blockNumber: () => '0x2a',
      eth_getBalance: ([, block]) => (block === 'latest' ? '0x64' : block),
      eth_getCode: () => `0x${'00ff'.repeat(50_000)}`,
      eth_subscribe([what], notify) {
        for (const number of ['0x1', '0x2', '0x3']) {
          setImmediate(notify, {
            method: 'eth_subscription',
            params: { subscription: '0xfeed', result: { number, what } },
          });
        }
        return '0xfeed';
      },
      eth_unsubscribe: () => true,
    }),
  );
  const client = createPublicClient({
    transport: webSocket(node.url, { retryCount: 0, reconnect: false }),
  });
  assert.equal(await client.getBlockNumber(), 42n);
  assert.equal(await client.getChainId(), 1);
  assert.equal((await client.getCode({ address: ADDRESS })).length, 200_002);
  const balances = await Promise.all(
    Array.from({ length: 100 }, (_, i) => client.getBalance({ address: ADDRESS, blockNumber: BigInt(i) })),
  );
  assert.deepEqual(
    balances,
    Array.from({ length: 100 }, (_, i) => BigInt(i)),
  );
  await assert.rejects(client.getGasPrice(), /no method eth_gasPrice/);

  const heard = [];
  await new Promise((resolve, reject) => {
    client.transport
      .subscribe({
        params: ['newHeads'],
        onData({ result }) {
          if (heard.push(result.number) === 3) resolve();
        },
        onError: reject,
      })
      .catch(reject);
  });
  assert.deepEqual(heard, ['0x1', '0x2', '0x3']);

  const rpc = await client.transport.getRpcClient();
  rpc.close();
  await node.end();
});
