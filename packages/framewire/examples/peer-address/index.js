// The IP address of the peer. Behind proxies it is in X-Forwarded-For. Any client can send that header, so only the entries that trusted
// proxies have added count.
//
//   node index.js          then, in another terminal: npx wscat -c ws://127.0.0.1:8080
//   TRUSTED_PROXIES=127.0.0.1,10.0.0.0/8 node index.js
import { BlockList, isIP } from 'node:net';
import { WebSocketServer } from 'framewire';

const trusted = new BlockList();
for (const entry of (process.env.TRUSTED_PROXIES ?? '').split(',').filter(Boolean)) {
  const [address, prefix] = entry.trim().split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (prefix === undefined) trusted.addAddress(address, family);
  else trusted.addSubnet(address, Number(prefix), family);
}

/** Returns the IPv4 form of an IPv4 address on an IPv6 socket (::ffff:192.0.2.1). */
function plain(address) {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

function isTrusted(address) {
  return trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Returns the address of the client. Each proxy appends the address of its own peer, so read the list from its end. */
function peerAddress(request) {
  // `remoteAddress` is undefined if the client has already disconnected.
  let address = plain(request.socket.remoteAddress ?? '');
  const forwarded = (request.headers['x-forwarded-for'] ?? '').split(',').map((each) => plain(each.trim()));
  while (isIP(address) !== 0 && isTrusted(address)) {
    const next = forwarded.pop();
    // A correct proxy adds only addresses, so stop at anything else.
    if (next === undefined || isIP(next) === 0) break;
    address = next;
  }
  return address;
}

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) });

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}`));

server.on('connection', (ws, request) => {
  ws.on('error', (error) => console.error(error.message));
  ws.send(peerAddress(request));
});

process.once('SIGINT', () => {
  server.close();
  for (const ws of server.clients) ws.close(1001, 'the server stops');
});
