// The process of the clients under attack. It catches no exceptions, so any exception ends it.
import { once } from 'node:events';
import { WebSocket } from 'framewire';
import { forgetPeak, memory } from './measures.ts';
import { answer } from '@framewire/testing/program';

/** A client to create. */
export interface Dial {
  readonly port: number;
  readonly options: Omit<WebSocket.ClientOptions, 'agent'>;
}

/** What happened to a client. */
export interface Outcome {
  readonly opened: boolean;
  readonly messages: number;
  /** The code of its error, or the message if it has none. */
  readonly error: string;
}

let bystander: WebSocket | undefined;

answer({
  forgetPeak,
  memory,

  /** Creates a client, and returns the outcome after it has closed. */
  async dial({ port, options }: Dial): Promise<Outcome> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/`, options);
    let opened = false;
    let messages = 0;
    let reported = '';
    ws.on('open', () => (opened = true));
    ws.on('message', () => messages++);
    ws.on('error', (error: Error & { code?: string }) => (reported = error.code ?? error.message));
    await new Promise((resolve) => ws.on('close', resolve));
    return { opened, messages, error: reported };
  },

  /** Sends a text to a harmless server, always on the same connection, and returns the echo. */
  async exchange({ port, text }: { port: number; text: string }): Promise<string> {
    if (bystander === undefined) {
      bystander = new WebSocket(`ws://127.0.0.1:${port}/`);
      await once(bystander, 'open');
    }
    const message = once(bystander, 'message');
    bystander.send(text);
    const [data] = (await message) as [WebSocket.RawData];
    return (data as Buffer).toString();
  },
});
