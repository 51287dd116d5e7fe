/** What a case is: facts as data, which the runner carries out and the verdict table judges. */

/** One entry of the event log: what the peer sent, or that a pause ran out. */
export type LogEvent =
  | { readonly kind: 'text' | 'binary' | 'pong'; readonly payload: Buffer }
  | { readonly kind: 'timeout'; readonly tag: string };

/** How the frames of a case are handed to the socket. */
export type Write = 'plain' | 'sync' | { readonly chop: number };

/** One thing that the suite does on a connection, in the order of the case. */
export type Step =
  | {
      readonly do: 'frame';
      readonly opcode: number;
      readonly fin: boolean;
      readonly rsv: number;
      readonly payload: Buffer;
    }
  | {
      readonly do: 'message';
      readonly opcode: number;
      readonly payload: Buffer;
      readonly fragmentSize: number;
    }
  | { readonly do: 'header'; readonly opcode: number; readonly fin: boolean; readonly length: number }
  | { readonly do: 'data'; readonly octets: Buffer }
  /** The suite's own closing, with the body as it goes on the wire. */
  | { readonly do: 'close'; readonly body: Buffer }
  /** With a tag the end of the pause is an event, and the case goes on only while the connection is open. */
  | { readonly do: 'wait'; readonly seconds: number; readonly tag: string | null }
  /** After so many seconds: fail the connection with 1001. */
  | { readonly do: 'kill'; readonly seconds: number }
  /** After so many seconds: close, if neither side has. */
  | { readonly do: 'end'; readonly seconds: number };

/** How a connection has to end. */
export interface EndRule {
  /** Who has to send the first Close: the suite (`F`) or the peer (`P`). */
  readonly by: 'F' | 'P';
  /** The close codes that the peer may send; none at all is always fine. */
  readonly codes: readonly number[];
  /** Whether the closing handshake has to be completed. */
  readonly clean: boolean;
  /** Whether the wrong end closing first makes the behaviour FAILED (mark `!`). */
  readonly wrongEndFails: boolean;
  /** Whether a wrong close code makes the behaviour FAILED (mark `+`). */
  readonly wrongCodeFails: boolean;
}

/** What is sent, and which log of events is right. The texts are in the notation of notation.ts. */
export interface LogConduct {
  readonly kind: 'log';
  readonly sends: string;
  readonly write: Write;
  readonly ok: string;
  /** The log that is not wrong but not strict either; null when there is none. */
  readonly nonStrict: string | null;
  /** Frames that the suite must have sent, by opcode; absent where that is no question. */
  readonly mustSend?: Readonly<Record<number, number>>;
  /** Whether the outcome is for information only, whatever it is. */
  readonly informational?: true;
}

/** One large message: its type and its length must come back. */
export interface LargeConduct {
  readonly kind: 'large';
  readonly sends: string;
  readonly write: Write;
  readonly opcode: number;
  readonly length: number;
}

/** The same message again and again, each time after the echo of the one before. */
export interface RoundTripConduct {
  readonly kind: 'round trips';
  readonly opcode: number;
  readonly octet: number;
  readonly length: number;
  readonly count: number;
  readonly seconds: number;
}

/** Compressed messages out of a data set, in lock-step (sections 12 and 13). */
export interface CompressedConduct {
  readonly kind: 'compressed';
  readonly data: DataSetName;
  /** Octets of binary data, code points of text. */
  readonly length: number;
  readonly count: number;
  readonly seconds: number;
  /** Octets of a fragment after compression; 0 sends one frame. */
  readonly fragmentSize: number;
  /** Which offers a client makes and which a server takes: 1-7, as in 13.1-13.7. */
  readonly parameters: ParameterSet;
}

export type DataSetName = 'json' | 'bitmap' | 'prose' | 'html' | 'document';
export type ParameterSet = 1 | 2 | 3 | 4 | 5 | 6 | 7;
export type Conduct = LogConduct | LargeConduct | RoundTripConduct | CompressedConduct;

export interface Case {
  /** Dotted numbers, such as `6.4.2`. */
  readonly id: string;
  /** What the case does, in a sentence. */
  readonly about: string;
  readonly conduct: Conduct;
  readonly end: EndRule;
}

/** The section that a case belongs to. */
export function sectionOf(testCase: { readonly id: string }): number {
  return Number.parseInt(testCase.id, 10);
}

/**
 * What may run beside a case: any number of `light` ones; nothing beside a `quiet` one, which moves megabytes or is timed; a few
 * `heavy` ones, which keep the processors and the thread pool busy.
 */
export type Pace = 'light' | 'quiet' | 'heavy';

export function paceOf({ conduct }: Case): Pace {
  if (conduct.kind === 'compressed') return 'heavy';
  return conduct.kind === 'log' ? 'light' : 'quiet';
}
