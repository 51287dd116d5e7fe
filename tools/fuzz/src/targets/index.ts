// All targets, in the order in which they run.
import type { Target } from '../target.ts';
import { connectionTarget } from './connection.ts';
import { contextsTarget } from './contexts.ts';
import { deflateTarget } from './deflate.ts';
import { framesTarget } from './frames.ts';
import { headersTarget } from './headers.ts';
import { headsTarget } from './heads.ts';
import { inflateTarget } from './inflate.ts';
import { messagesTarget } from './messages.ts';
import { negotiationTarget } from './negotiation.ts';

export const TARGETS: readonly Target[] = [
  framesTarget(),
  headsTarget(),
  headersTarget(),
  negotiationTarget(),
  inflateTarget(),
  deflateTarget(),
  contextsTarget(),
  messagesTarget(),
  connectionTarget(),
];
