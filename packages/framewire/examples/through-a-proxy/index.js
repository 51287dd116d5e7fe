// Connects through an HTTP proxy: the agent asks the proxy for a tunnel (CONNECT), and the WebSocket runs inside it.
//
//   HTTPS_PROXY=http://127.0.0.1:3128 node index.js wss://example.com/socket
//
// Sends each line of standard input as a message, and prints the messages of the server.
import { createInterface } from 'node:readline';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { WebSocket } from 'framewire';

const proxy = process.env.HTTPS_PROXY ?? 'http://127.0.0.1:3128';
const url = process.argv[2] ?? 'wss://example.com/socket';

const ws = new WebSocket(url, {
  // If the proxy needs a user and a password, put them into its URL: http://user:password@proxy:3128
  agent: new HttpsProxyAgent(proxy),
  // The proxy may be down, or may not reach the server.
  handshakeTimeout: 10_000,
});

const lines = createInterface({ input: process.stdin, terminal: false });
lines.pause();

ws.on('open', () => {
  console.log(`connected to ${url} through ${new URL(proxy).host}`);
  lines.resume();
});
lines.on('line', (line) => {
  // Lines may arrive faster than they can be sent. So read the next one only after this one has been sent.
  lines.pause();
  ws.send(line, () => {
    if (ws.readyState === WebSocket.OPEN) lines.resume();
  });
});
lines.on('close', () => ws.close(1000));

ws.on('message', (data, isBinary) => console.log(isBinary ? data : data.toString()));
ws.on('error', (error) => {
  // For example, ECONNREFUSED if no proxy listens, or "Unexpected server response: 407" if the proxy needs a password.
  console.error(error.message);
  process.exitCode = 1;
});
ws.on('close', () => {
  lines.close();
  process.stdin.destroy();
});

process.once('SIGINT', () => ws.close(1000));
