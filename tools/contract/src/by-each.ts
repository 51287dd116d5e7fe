// Stories that run twice: once with each side as the actor.
import { Buffer } from 'node:buffer';
import type { WebSocket } from 'ws';
import type { Ends } from './meeting.ts';
import type { Stage, Story } from './stage.ts';

/** Creates one story in which the client acts, and one in which the server acts. */
export function byEach(
  name: (actor: string) => string,
  act: (stage: Stage, ends: Ends, from: WebSocket, to: WebSocket) => void | Promise<void>,
  options: { server?: object; client?: object } = {},
): Story[] {
  return (['client', 'server'] as const).map((actor) => ({
    name: name(actor),
    async play(stage) {
      const ends = await stage.meet(options);
      const { client, server } = ends;
      await act(
        stage,
        ends,
        ...(actor === 'client' ? ([client, server] as const) : ([server, client] as const)),
      );
      await stage.closed(client, server);
    },
  }));
}

export function recorderOf(stage: Stage, ends: Ends, ws: WebSocket): Stage['client'] {
  return ws === ends.client ? stage.client : stage.server;
}

/** Sends messages and a ping, each with a callback. */
export function sendSome(stage: Stage, ends: Ends, ws: WebSocket): void {
  const recorder = recorderOf(stage, ends, ws);
  ws.send('text', recorder.callback(ws, 'text'));
  ws.ping('ping', undefined, recorder.callback(ws, 'ping'));
  ws.send(Buffer.from('bytes'), recorder.callback(ws, 'bytes'));
}
