// The stage of a story: one pairing on one transport, with both sides recorded.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { Meeting, type Ends, type MeetingOptions } from './meeting.ts';
import type { Pairing } from './pairings.ts';
import { RawPeer } from './raw.ts';
import { Recorder } from './recorder.ts';
import type { Transport } from './transports.ts';
import { turns } from './turns.ts';

/** The logs of both sides. They do not record which side emitted an event first. */
export interface Log {
  readonly client: readonly string[];
  readonly server: readonly string[];
}

/** A scenario: a script, during which the stage logs what happens. */
export interface Story {
  readonly name: string;
  /** Only over TCP, because it tests TCP or HTTP rather than the connection. */
  readonly tcpOnly?: true;
  /** Not over in-memory streams, because it needs the timer of a socket. */
  readonly socketsOnly?: true;
  play(stage: Stage): Promise<void>;
}

/** How a client of a story is created. */
export interface DialOptions extends MeetingOptions {
  readonly watch?: readonly ('unexpected-response' | 'redirect')[];
}

export class Stage {
  readonly client = new Recorder();
  readonly server = new Recorder();
  readonly meeting: Meeting;
  /** The server that was created last. */
  listener: WebSocketServer | undefined = undefined;

  constructor(meeting: Meeting) {
    this.meeting = meeting;
  }

  /** A server whose connections are recorded. */
  serve(options: MeetingOptions['server'] = {}): WebSocketServer {
    const listener = this.meeting.serve(options);
    this.listener = listener;
    listener.on('connection', (ws) => {
      this.server.note('connection');
      this.server.watch(ws);
    });
    return listener;
  }

  /** A client that is recorded from its first event on. */
  dial(options: DialOptions = {}): WebSocket {
    const ws = this.meeting.dial(options);
    this.client.watch(ws, options.watch);
    return ws;
  }

  /** Two open sides, both recorded. */
  async meet(options: DialOptions = {}): Promise<Ends> {
    const listener = this.serve(options.server);
    const accepted = once(listener, 'connection') as Promise<[WebSocket]>;
    const client = this.dial(options);
    const [[server]] = await Promise.all([accepted, once(client, 'open')]);
    return { client, server };
  }

  /** The next upgrade request, for a raw server that writes the answer itself. */
  async nextUpgrade(): Promise<{ key: string; raw: RawPeer }> {
    const [request, socket] = (await once(this.meeting.host.http, 'upgrade')) as [IncomingMessage, Duplex];
    return { key: request.headers['sec-websocket-key'] ?? '', raw: new RawPeer(socket) };
  }

  /** Waits until the given sides have closed, and have emitted their last events. */
  async closed(...ends: WebSocket[]): Promise<void> {
    await Promise.all(ends.map(untilClosed));
    // Late events are emitted within a few turns.
    await turns(5);
  }
}

/** Runs a story on a new stage. */
export async function play(story: Story, pairing: Pairing, transport: Transport): Promise<Log> {
  const meeting = new Meeting(pairing, transport);
  await meeting.open();
  const stage = new Stage(meeting);
  try {
    await story.play(stage);
    // Copies, because ending the connections adds to the logs.
    return { client: [...stage.client.lines], server: [...stage.server.lines] };
  } finally {
    meeting.endTest();
    await meeting.close();
  }
}

function untilClosed(ws: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (ws.readyState === ws.CLOSED) resolve();
    else ws.once('close', () => resolve());
  });
}
