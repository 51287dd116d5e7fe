// TLS with certificates on both sides. The client and the server trust only certificates that our own authority has signed. The server
// rejects other clients before it reads a byte of HTTP.
//
//   node make-certificates.js
//   node index.js          then, in another terminal: node client.js
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { WebSocketServer } from 'framewire';

const folder = process.env.CERTIFICATES ?? 'certificates';

const https = createServer({
  key: readFileSync(`${folder}/server-key.pem`),
  cert: readFileSync(`${folder}/server.pem`),
  // The authority that signs the certificates of clients. Without `requestCert`, clients need none.
  ca: readFileSync(`${folder}/authority.pem`),
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: 'TLSv1.3',
});
https.on('tlsClientError', (error) => console.error(`rejected: ${error.code ?? error.message}`));

const server = new WebSocketServer({ server: https });

server.on('connection', (ws, request) => {
  ws.on('error', (error) => console.error(error.message));
  const { subject } = request.socket.getPeerCertificate();
  ws.send(`hello, ${subject.CN}`);
});

https.listen(Number(process.env.PORT ?? 8443), '127.0.0.1', () => {
  console.log(`wss://localhost:${https.address().port}`);
});

process.once('SIGINT', () => {
  server.shutdown();
  https.close();
});
