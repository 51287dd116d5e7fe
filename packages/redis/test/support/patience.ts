/** A time limit for answers, in ms, that a busy machine keeps. */
export const PATIENCE = 60_000;
