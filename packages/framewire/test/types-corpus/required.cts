// The result of `require()`: the class, with the other exports as statics.
import WebSocket = require('ws');

const server = new WebSocket.Server({ port: 0 });
const other = new WebSocket.WebSocketServer({ noServer: true });
server.on('connection', (ws, request) => {
  ws.on('message', (data: WebSocket.RawData, isBinary) => ws.send(data, { binary: isBinary }));
  console.log(request.url);
});

const ws: WebSocket = new WebSocket('ws://127.0.0.1:1/');
const same: WebSocket.WebSocket = new WebSocket.WebSocket('ws://127.0.0.1:1/', { maxPayload: 1 });
const duplex = WebSocket.createWebSocketStream(ws, { encoding: 'utf8' });
duplex.on('data', (text: string) => text.length);

class Own extends WebSocket {
  tag = '';
}
class OwnServer extends WebSocket.Server<typeof Own> {
  greet(): void {
    for (const client of this.clients) client.send(client.tag);
  }
}
const options: WebSocket.ServerOptions<typeof Own> = { noServer: true, WebSocket: Own };
new OwnServer(options).greet();

export = { server, other, same, state: ws.readyState === WebSocket.OPEN };
