// The server of Bun as an echo endpoint. Prints its port, and ends when its standard input ends.

const server = globalThis.Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request, own) =>
    own.upgrade(request) ? undefined : new globalThis.Response('no upgrade', { status: 400 }),
  websocket: {
    perMessageDeflate: true,
    message: (socket, message) => {
      socket.send(message, true);
    },
  },
});

console.log(server.port);
for await (const _ of globalThis.Bun.stdin.stream());
process.exit();
