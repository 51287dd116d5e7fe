/** The server behind a proxy: an echo server that gives tests each connection and its request. */

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'framewire';

/** A server behind a proxy. */
export interface Backend {
  port: number;
  wss: WebSocketServer;
  /** The next connection and its request. */
  next(): Promise<[WebSocket, IncomingMessage]>;
  /** Stops the server, and ends its connections. */
  stop(): Promise<void>;
}

/** Starts an echo server. Default: on a free port. */
export async function startBackend(port = 0, options: WebSocket.ServerOptions = {}): Promise<Backend> {
  const http = createServer();
  return backendOf(http, http, port, options);
}

/** Starts an echo server that reads the address of each client from the PROXY protocol. `addresses` collects them. */
export async function startProxyProtocolBackend(): Promise<Backend & { addresses: string[] }> {
  const http = createServer();
  const addresses: string[] = [];
  const tcp = createTcpServer((socket) => {
    readLine(socket, (line) => {
      // PROXY TCP4 <address of the client> <its destination> <port of the client> <port of the destination>
      addresses.push(line.split(' ')[2] ?? '');
      http.emit('connection', socket);
    });
  });
  return { ...(await backendOf(tcp, http, 0, {})), addresses };
}

async function backendOf(
  listener: Server,
  http: ReturnType<typeof createServer>,
  port: number,
  options: WebSocket.ServerOptions,
): Promise<Backend> {
  const wss = new WebSocketServer({ perMessageDeflate: true, ...options, server: http });
  wss.on('connection', (ws) => {
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
  });
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    wss,
    next: async () => (await once(wss, 'connection')) as [WebSocket, IncomingMessage],
    async stop() {
      const closed = once(listener, 'close');
      listener.close();
      http.closeAllConnections();
      for (const ws of wss.clients) ws.terminate();
      await closed;
    },
  };
}

/** Reads the first line from a socket, and leaves the rest for the next reader. */
function readLine(socket: Socket, take: (line: string) => void): void {
  let read = Buffer.alloc(0);
  const onReadable = (): void => {
    for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null) {
      read = Buffer.concat([read, chunk]);
    }
    const end = read.indexOf('\r\n');
    if (end === -1) return;
    socket.off('readable', onReadable);
    socket.unshift(read.subarray(end + 2));
    take(read.toString('latin1', 0, end));
  };
  socket.on('readable', onReadable);
}
