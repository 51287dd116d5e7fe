// The client. It presents its certificate, and trusts only servers whose certificates our authority has signed.
//
//   node client.js [wss://localhost:8443]
import { readFileSync } from 'node:fs';
import { WebSocket } from 'framewire';

const folder = process.env.CERTIFICATES ?? 'certificates';

const ws = new WebSocket(process.argv[2] ?? 'wss://localhost:8443', {
  ca: readFileSync(`${folder}/authority.pem`),
  cert: readFileSync(`${folder}/client.pem`),
  key: readFileSync(`${folder}/client-key.pem`),
  handshakeTimeout: 10_000,
});

ws.on('error', (error) => {
  // For example, the client does not trust the server, or the server does not trust the client.
  console.error(error.message);
  process.exitCode = 1;
});
ws.on('message', (data) => {
  console.log(data.toString());
  ws.close(1000);
});
