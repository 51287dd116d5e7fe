// The possible results of a call.

/** All input has been read. */
export const NEEDS_INPUT: i32 = 1;
/** The output space is full, and there is more output. */
export const NEEDS_OUTPUT: i32 = 2;
/** The block with BFINAL has ended. */
export const ENDED: i32 = 3;

/** The rules of RFC 1951 that a stream can break. `src/deflate-error.ts` has a row for each. */
export namespace Rule {
  export const BLOCK_TYPE: i32 = -1;
  export const STORED_LENGTH: i32 = -2;
  export const TOO_MANY_LENGTHS: i32 = -3;
  export const PRECODE: i32 = -4;
  export const REPEAT: i32 = -5;
  export const NO_END_OF_BLOCK: i32 = -6;
  export const LITLEN_CODE: i32 = -7;
  export const DISTANCE_CODE: i32 = -8;
  export const LITLEN_SYMBOL: i32 = -9;
  export const DISTANCE_SYMBOL: i32 = -10;
  export const TOO_FAR_BACK: i32 = -11;
  /** The stream was invalid in an earlier call. */
  export const FAILED: i32 = -12;
}
