// A WebSocket server on an existing HTTPS server: pages and WebSockets on one port.
//
//   openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
//     -keyout key.pem -out cert.pem
//   node index.js          then, in another terminal: NODE_EXTRA_CA_CERTS=cert.pem npx wscat -c wss://localhost:8443
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { WebSocketServer } from 'framewire';

const https = createServer(
  {
    cert: readFileSync(process.env.CERT ?? 'cert.pem'),
    key: readFileSync(process.env.KEY ?? 'key.pem'),
  },
  (request, response) => response.end('This port speaks WebSocket too.\n'),
);

const server = new WebSocketServer({ server: https });

server.on('connection', (ws) => {
  ws.on('error', (error) => console.error(error.message));
  ws.on('message', (data, isBinary) => {
    ws.send(data, { binary: isBinary });
    // If the client does not read the answers, stop reading its messages until the answers have been written.
    if (ws.writableNeedDrain) ws.pause();
  });
  ws.on('drain', () => ws.resume());
});

https.listen(Number(process.env.PORT ?? 8443), '127.0.0.1', () => {
  console.log(`wss://localhost:${https.address().port}`);
});

process.once('SIGINT', () => {
  server.shutdown();
  // The HTTPS server belongs to this program, so shutdown() does not close it.
  https.close();
});
