// Loops over the messages of a connection, and `await using`, which `ws` does not have.
import { WebSocket, WebSocketServer, type IterableWebSocket } from 'framewire';
import type * as theirs from 'ws';

class Player extends WebSocket {
  score = 0;
}

async function last(ws: IterableWebSocket): Promise<string> {
  let text = '';
  for await (const message of ws) {
    if (typeof message === 'string') text = message;
    else if (Array.isArray(message)) text = String(message.length);
    else if (message instanceof ArrayBuffer) text = String(message.byteLength);
    else text = message.toString('utf8');
    // @ts-expect-error: it has a type.
    message.nothing();
  }
  return text;
}

const server = new WebSocketServer({ noServer: true, WebSocket: Player });
server.on('connection', async (ws) => {
  for await (const message of ws) ws.score += typeof message === 'string' ? message.length : 1;
  await last(ws);
  const library: theirs.WebSocket = ws;
  library.close();
});
for (const client of server.clients) void last(client);

/** The objects that `await using` accepts. */
export const disposables: AsyncDisposable[] = [server, ...server.clients];

/** A client. The type is declared here, because programs may declare the name `opened` themselves. */
export async function greet(url: string): Promise<string> {
  const ws: IterableWebSocket = await new WebSocket(url).opened;
  ws.send('hello');
  disposables.push(ws);
  return last(ws);
}
