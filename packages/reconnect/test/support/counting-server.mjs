// A server that may be killed at any time. It accepts each numbered message once and in order, and writes it to a file before it
// acknowledges it. A new server continues where that file ends. Usage: counting-server.mjs FILE PORT
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { WebSocketServer } from 'ws';

const [file, port] = process.argv.slice(2);
const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
let last = lines.length;

const server = new WebSocketServer({ port: Number(port), host: '127.0.0.1' });
server.on('listening', () => process.send(server.address().port));
server.on('connection', (ws) => {
  ws.on('message', (data) => {
    const number = Number(data);
    if (number > last) {
      appendFileSync(file, `${number}\n`);
      last++;
    }
    ws.send(String(last));
    process.send('accepted');
  });
});
