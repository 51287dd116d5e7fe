// The stage of a story: one pairing on one transport, with both ends watched.
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

/** What both ends told, each in its own order: between the two there is none. */
export interface Log {
  readonly client: readonly string[];
  readonly server: readonly string[];
}

/** A scenario: what is done, while the stage logs what happens. */
export interface Story {
  readonly name: string;
  /** Only over TCP, as it is about TCP or HTTP rather than about the connection. */
  readonly tcpOnly?: true;
  /** Not over streams in memory: it needs the timer that a socket has. */
  readonly socketsOnly?: true;
  play(stage: Stage): Promise<void>;
}

/** How a client of a story is made. */
export interface DialOptions extends MeetingOptions {
  readonly watch?: readonly ('unexpected-response' | 'redirect')[];
}

/** Where a story is played. */
export class Stage {
  readonly client = new Recorder();
  readonly server = new Recorder();
  readonly meeting: Meeting;
  /** The server that was made last. */
  listener: WebSocketServer | undefined = undefined;

  constructor(meeting: Meeting) {
    this.meeting = meeting;
  }

  /** A server whose connections are watched. */
  serve(options: MeetingOptions['server'] = {}): WebSocketServer {
    const listener = this.meeting.serve(options);
    this.listener = listener;
    listener.on('connection', (ws) => {
      this.server.note('connection');
      this.server.watch(ws);
    });
    return listener;
  }

  /** A client that is watched from before its first event. */
  dial(options: DialOptions = {}): WebSocket {
    const ws = this.meeting.dial(options);
    this.client.watch(ws, options.watch);
    return ws;
  }

  /** Two open ends, both watched. */
  async meet(options: DialOptions = {}): Promise<Ends> {
    const listener = this.serve(options.server);
    const accepted = once(listener, 'connection') as Promise<[WebSocket]>;
    const client = this.dial(options);
    const [[server]] = await Promise.all([accepted, once(client, 'open')]);
    return { client, server };
  }

  /** The next upgrade request, for a server that answers it by hand. */
  async nextUpgrade(): Promise<{ key: string; raw: RawPeer }> {
    const [request, socket] = (await once(this.meeting.host.http, 'upgrade')) as [IncomingMessage, Duplex];
    return { key: request.headers['sec-websocket-key'] ?? '', raw: new RawPeer(socket) };
  }

  /** The ends have closed, and whatever they tell behind that has been told. */
  async closed(...ends: WebSocket[]): Promise<void> {
    await Promise.all(ends.map(untilClosed));
    // Some turns: what is told late is told by then.
    await turns(5);
  }

  /** What was told so far. */
  log(): Log {
    return { client: this.client.lines, server: this.server.lines };
  }
}

/** Plays a story from an empty stage to the end. */
export async function play(story: Story, pairing: Pairing, transport: Transport): Promise<Log> {
  const meeting = new Meeting(pairing, transport);
  await meeting.open();
  const stage = new Stage(meeting);
  try {
    await story.play(stage);
    // A copy: what the end of the stage itself makes the ends tell is not part of the story.
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
