// The round-trip time, measured by the client, ten times. Any server answers pings; nothing has to be written for it.
//
//   node client.js [ws://127.0.0.1:8080]
import { once } from 'node:events';
import { WebSocket } from 'framewire';

const ws = new WebSocket(process.argv[2] ?? 'ws://127.0.0.1:8080', { handshakeTimeout: 5000 });
// Told below where something waits for it; behind that it is of no interest, and must not end the process.
ws.on('error', () => {});

try {
  await once(ws, 'open');
  const times = [];
  for (let i = 0; i < 10; i++) {
    const start = performance.now();
    ws.ping();
    // Rejects when 'error' comes first; a server that closes instead ends the wait by the signal.
    await once(ws, 'pong', { signal: AbortSignal.timeout(5000) });
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  console.log(`best ${times[0].toFixed(3)} ms, median ${times[5].toFixed(3)} ms`);
  ws.close(1000);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
  ws.terminate();
}
