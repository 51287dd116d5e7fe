/** @slack/socket-mode: events of a workspace, each acknowledged. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { LogLevel, SocketModeClient } from '@slack/socket-mode';
import { nextMessage, startService } from './support/local.mjs';

test('Events are received and acknowledged, and the client opens a new connection when the server requests it', async () => {
  const acknowledged = [];
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  const slack = await startService(
    async (ws) => {
      ws.send(JSON.stringify({ type: 'hello', num_connections: 1 }));
      const envelope_id = String(acknowledged.length);
      const payload = { event: { type: 'message', text: envelope_id } };
      ws.send(JSON.stringify({ type: 'events_api', envelope_id, payload }));
      acknowledged.push(JSON.parse(await nextMessage(ws)));
      if (acknowledged.length === 2) return finish();
      return ws.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
    },
    {
      listener: (request, response) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ ok: true, url: `ws://${request.headers.host}/link` }));
      },
    },
  );
  const client = new SocketModeClient({
    appToken: 'xapp-1',
    logLevel: LogLevel.ERROR,
    clientPingTimeout: 500,
    clientOptions: { slackApiUrl: `http://${slack.address}/api/` },
  });
  const heard = [];
  client.on('message', ({ ack, event }) => {
    heard.push(event.text);
    ack({ of: event.text });
  });
  await client.start();
  await finished;
  assert.deepEqual(heard, ['0', '1']);
  assert.deepEqual(
    acknowledged.map(({ payload }) => payload),
    [{ of: '0' }, { of: '1' }],
  );
  const ended = once(client, 'disconnected');
  await client.disconnect();
  await ended;
  await slack.end();
});
