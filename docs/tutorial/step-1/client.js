import { createInterface } from 'node:readline';
import { WebSocket } from 'framewire';

const ws = new WebSocket(process.argv[2] ?? 'ws://127.0.0.1:8080');
await ws.opened;

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => ws.send(line));
lines.on('close', () => ws.close(1000));

for await (const message of ws) console.log(message);
lines.close();
