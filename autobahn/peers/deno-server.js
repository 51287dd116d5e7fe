// The server of Deno as an echo endpoint. Prints its port, and ends when its standard input ends.

const { Deno } = globalThis;

Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => console.log(port) }, (request) => {
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
    return new globalThis.Response('no upgrade', { status: 400 });
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => {
    if (socket.readyState === 1) socket.send(data);
  };
  socket.onerror = () => {};
  return response;
});

for await (const _ of Deno.stdin.readable);
Deno.exit();
