/** @microsoft/signalr: calls, streams and events of a hub. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { startService, text } from './support/local.mjs';

/** A record of the hub protocol: JSON, ended by a separator. */
const record = (message) => `${JSON.stringify(message)}\u001e`;

/** Serves the JSON hub protocol. */
function serveHub(ws) {
  const say = (...messages) => ws.send(messages.map(record).join(''));
  ws.on('message', (data) => {
    for (const each of String(data).split('\u001e').filter(Boolean)) {
      const { type, invocationId, target, arguments: [first] = [], protocol } = JSON.parse(each);
      if (protocol) say({});
      if (type === 1 && target === 'echo') say({ type: 3, invocationId, result: first });
      if (type === 1 && target === 'shout') say({ type: 1, target: 'heard', arguments: [first] });
      if (type === 4) {
        const items = Array.from({ length: first }, (_, item) => ({ type: 2, invocationId, item }));
        say(...items, { type: 3, invocationId });
      }
    }
  });
}

test('Calls are answered, and streams and events arrive', async () => {
  const hub = await startService(serveHub);
  const connection = new HubConnectionBuilder()
    .withUrl(`http://${hub.address}/hub`, {
      transport: HttpTransportType.WebSockets,
      skipNegotiation: true,
    })
    .configureLogging(LogLevel.None)
    .build();
  await connection.start();
  assert.equal(await connection.invoke('echo', text(100_000)), text(100_000));
  const heard = new Promise((resolve) => connection.on('heard', resolve));
  await connection.send('shout', 'news');
  assert.equal(await heard, 'news');
  const items = [];
  await new Promise((complete, error) => {
    connection.stream('count', 200).subscribe({ next: (item) => items.push(item), complete, error });
  });
  assert.deepEqual(
    items,
    Array.from({ length: 200 }, (_, i) => i),
  );
  await connection.stop();
  await hub.end();
});
