/** The types of a case: data that players carry out and the tables of verdicts judge. */

/** One entry of the event log: what the peer sent, or the end of a pause. */
export type LogEvent =
  | { readonly kind: 'text' | 'binary' | 'pong'; readonly payload: Buffer }
  | { readonly kind: 'timeout'; readonly tag: string };

/** How the frames of a case are written to the socket. */
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
  /** With a tag, the end of the pause is an event, and the case continues only if the connection is still open. */
  | { readonly do: 'wait'; readonly seconds: number; readonly tag: string | null }
  /** After this time, the suite fails the connection with 1001. */
  | { readonly do: 'kill'; readonly seconds: number }
  /** After this time, the suite closes, if neither side has. */
  | { readonly do: 'end'; readonly seconds: number };

/** How a connection must end. */
export interface EndRule {
  /** Which end must send the first Close: the suite (`F`) or the peer (`P`). */
  readonly by: 'F' | 'P';
  /** The close codes that the peer may send. It may always send none. */
  readonly codes: readonly number[];
  /** Whether the closing handshake must be completed. */
  readonly clean: boolean;
  /** Whether the wrong end closing first makes the behaviour FAILED (mark `!`). */
  readonly wrongEndFails: boolean;
  /** Whether a wrong close code makes the behaviour FAILED (mark `+`). */
  readonly wrongCodeFails: boolean;
}

/** What the suite sends, and which log of events is right. The texts are in the notation of notation.ts. */
export interface LogConduct {
  readonly kind: 'log';
  readonly sends: string;
  readonly write: Write;
  readonly ok: string;
  /** The log that is allowed but not strict; null if there is none. */
  readonly nonStrict: string | null;
  /** How many frames the suite must have sent, by opcode. Absent if that is not checked. */
  readonly mustSend?: Readonly<Record<number, number>>;
  /** Whether the outcome is for information only. */
  readonly informational?: true;
}

/** One large message. Its echo must have the same type and length. */
export interface LargeConduct {
  readonly kind: 'large';
  readonly sends: string;
  readonly write: Write;
  readonly opcode: number;
  readonly length: number;
}

/** The same message many times, each time after the previous echo. */
export interface RoundTripConduct {
  readonly kind: 'round trips';
  readonly opcode: number;
  readonly octet: number;
  readonly length: number;
  readonly count: number;
  readonly seconds: number;
}

/** Compressed messages from a data set, each after the echo of the previous one (sections 12 and 13). */
export interface CompressedConduct {
  readonly kind: 'compressed';
  readonly data: DataSetName;
  /** Octets of binary data, code points of text. */
  readonly length: number;
  readonly count: number;
  readonly seconds: number;
  /** Octets of a fragment after compression; 0 sends one frame. */
  readonly fragmentSize: number;
  /** Which offers a client makes and which a server accepts: 1-7, as in 13.1-13.7. */
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
 * Which cases may run at the same time: many `light` ones, or a few `heavy` ones, which keep the processors and the thread pool busy. A
 * `quiet` one, which transfers megabytes or makes many round trips, runs alone.
 */
export type Pace = 'light' | 'quiet' | 'heavy';

export function paceOf({ conduct }: Case): Pace {
  if (conduct.kind === 'compressed') return 'heavy';
  return conduct.kind === 'log' ? 'light' : 'quiet';
}
