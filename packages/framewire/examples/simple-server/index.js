// A server on its own port. It greets each client and echoes its messages.
//
//   node index.js          then, in another terminal: npx wscat -c ws://127.0.0.1:8080
import { WebSocketServer } from 'framewire';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 8080),
  // The longest message that clients of this server need to send, in bytes.
  maxPayload: 64 * 1024,
});

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', (ws) => {
  // Emitted when the peer breaks a rule or the network fails. 'close' follows. Without a listener, the error would be thrown and end the
  // process.
  ws.on('error', (error) => console.error(error.message));
  ws.on('close', (code) => console.log(`a client left with code ${code}, ${server.clients.size} connected`));

  ws.on('message', (data, isBinary) => {
    ws.send(data, { binary: isBinary });
    // If the client does not read the answers, stop reading its messages until the answers have been written.
    if (ws.writableNeedDrain) ws.pause();
  });
  ws.on('drain', () => ws.resume());
  ws.send('welcome');
});

// Accepts no more clients, and sends a close frame to the others. The process ends when the last connection has closed.
process.once('SIGINT', () => server.shutdown());
