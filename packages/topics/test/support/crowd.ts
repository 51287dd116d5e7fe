// A server and its clients, which record what they receive.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'framewire';

/** A client, and the server's end of its connection. */
export interface Member {
  readonly ws: WebSocket;
  readonly client: WebSocket;
  /** The messages: text as a string, binary data as a Buffer. */
  readonly received: (string | Buffer)[];
  /** Resolves when this many messages have arrived. */
  until(count: number): Promise<(string | Buffer)[]>;
}

/** Starts a server, and connects this many clients. */
export async function startCrowd(
  count: number,
  options: Pick<WebSocket.ServerOptions & WebSocket.ClientOptions, 'perMessageDeflate'> = {},
): Promise<{ readonly members: Member[]; stop(): Promise<void> }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const members: Member[] = [];
  while (members.length < count) {
    const accepted = once(server, 'connection') as Promise<[WebSocket]>;
    const client = new WebSocket(`ws://127.0.0.1:${port}`, options);
    const received: (string | Buffer)[] = [];
    client.on('message', (data, isBinary) => {
      received.push(isBinary ? (data as Buffer) : data.toString());
    });
    const [[ws]] = await Promise.all([accepted, once(client, 'open')]);
    const until = async (wanted: number): Promise<(string | Buffer)[]> => {
      while (received.length < wanted) await once(client, 'message');
      return received;
    };
    members.push({ ws, client, received, until });
  }
  return {
    members,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const { ws } of members) ws.terminate();
      await closed;
    },
  };
}
