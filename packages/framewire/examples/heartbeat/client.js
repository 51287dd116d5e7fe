// The client. It answers the server's pings automatically, and detects a dead server with a heartbeat of its own.
//
//   node client.js [ws://127.0.0.1:8080]
import { WebSocket } from 'framewire';

const ws = new WebSocket(process.argv[2] ?? 'ws://127.0.0.1:8080', {
  handshakeTimeout: 10_000,
  heartbeat: {
    // Longer than the interval of the server. The server's pings show that it is alive, so the client does not send any.
    interval: Number(process.env.INTERVAL ?? 30_000),
    timeout: Number(process.env.TIMEOUT ?? 10_000),
  },
});

ws.on('open', () => console.log('connected'));
ws.on('error', (error) => {
  console.error(error.code === 'WS_ERR_HEARTBEAT_TIMEOUT' ? 'the server is dead' : error.message);
});
ws.on('close', (code) => console.log(`closed with ${code}`));

process.once('SIGINT', () => ws.close(1000));
