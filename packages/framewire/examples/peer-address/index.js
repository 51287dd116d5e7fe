// The IP address of the peer. Behind proxies it is in X-Forwarded-For. Any client can send that header, so only the entries that trusted
// proxies have added count.
//
//   node index.js          then, in another terminal: npx wscat -c ws://127.0.0.1:8080
//   TRUSTED_PROXIES=127.0.0.1,10.0.0.0/8 node index.js
import { clientAddress, WebSocketServer } from 'framewire';

const trust = (process.env.TRUSTED_PROXIES ?? '').split(',').filter(Boolean);
const addressOf = clientAddress({ trust });

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) });

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', (ws, request) => {
  ws.on('error', (error) => console.error(error.message));
  ws.send(addressOf(request));
});

process.once('SIGINT', () => server.shutdown());
