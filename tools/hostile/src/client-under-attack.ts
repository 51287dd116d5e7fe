// The process of the clients under attack. It catches nothing: whatever is thrown ends it.
import { once } from 'node:events';
import { WebSocket } from 'framewire';
import { forgetPeak, memory } from './measures.ts';
import { answer } from './program.ts';

/** A client to be made. */
export interface Dial {
  readonly port: number;
  readonly options: Omit<WebSocket.ClientOptions, 'agent'>;
}

/** What a client has seen of its server, from its begin to its end. */
export interface Outcome {
  readonly opened: boolean;
  readonly messages: number;
  /** The code of its error, or its text where it has none. */
  readonly error: string;
}

let bystander: WebSocket | undefined;

answer({
  forgetPeak,
  memory,

  /** Makes a client, and tells what became of it once it has closed. */
  async dial({ port, options }: Dial): Promise<Outcome> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/`, options);
    let opened = false;
    let messages = 0;
    let told = '';
    ws.on('open', () => (opened = true));
    ws.on('message', () => messages++);
    ws.on('error', (error: Error & { code?: string }) => (told = error.code ?? error.message));
    await new Promise((resolve) => ws.on('close', resolve));
    return { opened, messages, error: told };
  },

  /** Has a connection to a server that means no harm echo a text: always the same connection. */
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
