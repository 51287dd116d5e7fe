// A server on a port of its own. It greets each client and repeats what it is told.
//
//   node index.js          then, in another terminal: npx wscat -c ws://127.0.0.1:8080
import { WebSocketServer } from 'framewire';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 8080),
  // Nobody has to send a longer message than this here, in bytes.
  maxPayload: 64 * 1024,
});

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', (ws) => {
  // What a peer does wrong and what the network does is told here, and 'close' comes behind it. Without a listener the
  // error would be thrown, and end the process.
  ws.on('error', (error) => console.error(error.message));
  ws.on('close', (code) => console.log(`a client has gone with ${code}, ${server.clients.size} are here`));

  ws.on('message', (data, isBinary) => {
    ws.send(data, { binary: isBinary });
    // A client that sends but does not read is not read either, until what it was sent has left.
    if (ws.writableNeedDrain) ws.pause();
  });
  ws.on('drain', () => ws.resume());
  ws.send('welcome');
});

process.once('SIGINT', () => {
  // No new clients from here on. Those that are here are told, and the process ends when the last one has gone.
  server.close();
  for (const ws of server.clients) ws.close(1001, 'the server stops');
});
