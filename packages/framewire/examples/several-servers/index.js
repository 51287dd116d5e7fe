// Several WebSocket servers on one HTTP server, told apart by the path.
//
// { server: http, path: '/echo' } for each would do where that is the whole rule: a path that no server has is then answered
// with 400. Here the upgrades are handed out by hand, so that the rule, and the answer, can be any.
//
//   node index.js          then, in another terminal: npx wscat -c ws://127.0.0.1:8080/time
import { createServer } from 'node:http';
import { createRefusal, formatRefusal, WebSocketServer } from 'framewire';

const http = createServer((request, response) => response.end('a page\n'));
const echo = new WebSocketServer({ noServer: true });
const time = new WebSocketServer({ noServer: true });

const servers = new Map([
  ['/echo', echo],
  ['/time', time],
]);

http.on('upgrade', (request, socket, head) => {
  const [path] = request.url.split('?');
  const server = servers.get(path);
  if (server === undefined) {
    // The socket is ours until handleUpgrade() gets it, its errors too.
    socket.on('error', () => socket.destroy());
    socket.end(formatRefusal(createRefusal(404)), () => socket.destroy());
    return;
  }
  server.handleUpgrade(request, socket, head, (ws) => server.emit('connection', ws, request));
});

echo.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));
  ws.on('message', (data, isBinary) => {
    ws.send(data, { binary: isBinary });
    // A client that sends but does not read is not read either, until what it was sent has left.
    if (ws.writableNeedDrain) ws.pause();
  });
  ws.on('drain', () => ws.resume());
});

time.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));
  ws.send(new Date().toISOString());
  ws.close(1000);
});

http.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`ws://127.0.0.1:${http.address().port}`);
});

process.once('SIGINT', () => {
  for (const server of servers.values()) {
    server.close();
    for (const ws of server.clients) ws.close(1001, 'the server stops');
  }
  http.close();
});
