// Sends a PreparedMessage to clients of a server that have negotiated different parameters.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PreparedMessage, WebSocket, WebSocketServer } from 'framewire';
import { expect, test } from 'vitest';

test('reaches all clients, and is compressed once for those that negotiated the same parameters', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = (perMessageDeflate: object | boolean): WebSocket =>
    new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate });
  const profiles = [false, true, { serverNoContextTakeover: true }, { serverMaxWindowBits: 10 }];
  const clients = [...profiles, ...profiles].map(connect);
  const received = clients.map((client) => {
    const messages: string[] = [];
    client.on('message', (data: Buffer) => messages.push(data.toString()));
    return messages;
  });
  await Promise.all(clients.map((client) => once(client, 'open')));
  const text = JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, name: `name ${id}` })));
  const message = new PreparedMessage(text);
  for (let round = 0; round < 2; round++) {
    for (const ws of server.clients) {
      ws.send(`before ${round} ${text}`);
      ws.send(message);
      ws.send(`after ${round} ${text}`);
    }
  }
  for (const ws of server.clients) ws.close();
  await Promise.all(clients.map((client) => once(client, 'close')));
  const all = [0, 1].flatMap((round) => [`before ${round} ${text}`, text, `after ${round} ${text}`]);
  for (const messages of received) expect(messages).toEqual(all);
  server.close();
});
