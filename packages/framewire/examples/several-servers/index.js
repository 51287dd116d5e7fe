// Several WebSocket servers on one HTTP server, selected by the path.
//
// If the path is the only rule, pass { server: http, path: '/echo' } to each server. Requests for any other path then receive 400. This
// program handles upgrades itself, so it can apply any rule and send any answer.
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
    // Until handleUpgrade() is called, this program must handle errors of the socket.
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
    // If the client does not read the answers, stop reading its messages until the answers have been written.
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
  for (const server of servers.values()) server.shutdown();
  http.close();
});
