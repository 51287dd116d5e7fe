// Connects through an HTTP proxy: the agent asks the proxy for a tunnel (CONNECT), and the WebSocket runs inside of it.
//
//   HTTPS_PROXY=http://127.0.0.1:3128 node index.js wss://example.com/socket
//
// What is typed goes to the server, a line a message; what the server sends is printed.
import { createInterface } from 'node:readline';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { WebSocket } from 'framewire';

const proxy = process.env.HTTPS_PROXY ?? 'http://127.0.0.1:3128';
const url = process.argv[2] ?? 'wss://example.com/socket';

const ws = new WebSocket(url, {
  // The user and the password of the proxy go into its URL: http://user:password@proxy:3128
  agent: new HttpsProxyAgent(proxy),
  // The way leads over one more machine that may be down.
  handshakeTimeout: 10_000,
});

const lines = createInterface({ input: process.stdin, terminal: false });
lines.pause();

ws.on('open', () => {
  console.log(`connected to ${url} by ${new URL(proxy).host}`);
  lines.resume();
});
lines.on('line', (line) => {
  // Faster typed, or piped, than sent: the next line is read when this one has left.
  lines.pause();
  ws.send(line, () => {
    if (ws.readyState === WebSocket.OPEN) lines.resume();
  });
});
lines.on('close', () => ws.close(1000));

ws.on('message', (data, isBinary) => console.log(isBinary ? data : data.toString()));
ws.on('error', (error) => {
  // ECONNREFUSED: no proxy there. "Unexpected server response: 407": it wants a password, and so on.
  console.error(error.message);
  process.exitCode = 1;
});
ws.on('close', () => {
  lines.close();
  process.stdin.destroy();
});

process.once('SIGINT', () => ws.close(1000));
