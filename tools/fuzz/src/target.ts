// The interface between the fuzzer and the code under test.
import type { Random } from '@framewire/contract/random';

/** Code that reads bytes from a peer, with an oracle that checks the result. */
export interface Target {
  /** The name for the command line, and of its corpus. */
  readonly name: string;
  /** Generates an input, mostly a legal one. Its first bytes choose options, the rest is what a peer sends. */
  generate(random: Random): Uint8Array;
  /**
   * Runs the code on any bytes.
   *
   * @returns the outcome in a word or two. Inputs that are handled in the same way have the same outcome
   * @throws {Finding} if the oracle finds a broken rule. Any other exception is also a finding
   */
  run(input: Uint8Array): string | Promise<string>;
}
