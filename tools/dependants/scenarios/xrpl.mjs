/** xrpl: a client of the XRP Ledger. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Client } from 'xrpl';
import { startService } from './support/local.mjs';

test('Requests are answered, errors are distinguished, and a stream is received', async () => {
  const rippled = await startService((ws) => {
    ws.on('message', (data) => {
      const { id, command, ...rest } = JSON.parse(data);
      const answer = (status, more) => ws.send(JSON.stringify({ id, status, type: 'response', ...more }));
      if (command === 'unknown') return answer('error', { error: 'unknownCmd', request: { command } });
      answer('success', { result: { command, ...rest, info: { network_id: 1, build_version: '2.0.0' } } });
      if (command === 'subscribe') ws.send(JSON.stringify({ type: 'ledgerClosed', ledger_index: 7 }));
      return undefined;
    });
  });
  const client = new Client(rippled.url);
  await client.connect();
  assert.equal(client.networkID, 1);
  const { result } = await client.request({ command: 'ping', padding: 'é'.repeat(50_000) });
  assert.deepEqual([result.command, result.padding.length], ['ping', 50_000]);
  await assert.rejects(client.request({ command: 'unknown' }), { message: 'unknownCmd' });
  const heard = once(client, 'ledgerClosed');
  await client.request({ command: 'subscribe', streams: ['ledger'] });
  assert.equal((await heard)[0].ledger_index, 7);
  const closed = once(client, 'disconnected');
  await client.disconnect();
  assert.deepEqual(await closed, [1000]);
  await rippled.end();
});
