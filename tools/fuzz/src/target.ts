// What a fuzzer needs to know of the thing that it feeds.
import type { Random } from '@framewire/contract/random';

/** Something that reads bytes from a peer, with an oracle that judges what it makes of them. */
export interface Target {
  /** The word for the command line, and the name of its corpus. */
  readonly name: string;
  /** What is fed, in a few words. */
  readonly feeds: string;
  /** Makes an input by rule, mostly one that gets far. Its first bytes choose options, the rest is what a peer sends. */
  generate(random: Random): Uint8Array;
  /**
   * Feeds any bytes at all.
   *
   * @returns a word for what came of it: inputs with the same word went the same way
   * @throws {Finding} and anything else: a finding
   */
  run(input: Uint8Array): string | Promise<string>;
}
