/** One WebSocket connection of the chat server: its messages are checked, limited and handed to the room. */

import { LIMITS, parseClientMessage, refusal } from './protocol.ts';
import { RateLimit } from './rate-limit.ts';
import type { WebSocket } from 'framewire';
import type { ClientMessage, ServerMessage } from './protocol.ts';
import type { Room, Visitor } from './room.ts';

/** Messages that went through the server since it started. */
export interface Traffic {
  received: number;
  sent: number;
}

/** What one connection may do. */
const CHAT_RATE = { burst: 8, perSecond: 2 };
const MESSAGE_RATE = { burst: 60, perSecond: 20 };
/** Unread bytes after which a connection that does not read is ended. */
const MOST_UNREAD = 1024 * 1024;

const POLICY_VIOLATION = 1008;

/**
 * Serves a connection until it closes.
 *
 * @param socket An open connection.
 * @param number Names the visitor; unique within this run.
 * @param room Where it is let in.
 * @param traffic Is counted up.
 */
export function serveVisitor(socket: WebSocket, number: number, room: Room, traffic: Traffic): void {
  const chatRate = new RateLimit(CHAT_RATE);
  const messageRate = new RateLimit(MESSAGE_RATE);

  const visitor: Visitor = {
    number,
    deliver(json) {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(json);
      traffic.sent += 1;
    },
  };
  const answer = (event: ServerMessage): void => {
    visitor.deliver(JSON.stringify(event));
  };

  const act = (message: ClientMessage): void => {
    switch (message.type) {
      case 'ping':
        answer({ type: 'pong', id: message.id });
        return;
      case 'join':
        if (room.has(visitor)) answer(refusal('already-joined', 'You are in the room already.', 'join'));
        else if (!chatRate.take()) answer(tooFast('join'));
        else room.join(visitor, message.name);
        return;
      case 'leave':
        room.leave(visitor);
        return;
      case 'say':
        if (!room.has(visitor)) answer(refusal('join-first', 'Join the room to say something.', 'say'));
        else if (!chatRate.take()) answer(tooFast('say'));
        else room.say(visitor, message.text);
        return;
    }
  };

  socket.on('message', (data, isBinary) => {
    // What was already on its way when the connection was refused is not looked at any more.
    if (socket.readyState !== socket.OPEN) return;
    traffic.received += 1;
    if (!messageRate.take()) {
      socket.close(POLICY_VIOLATION, 'too many messages');
      return;
    }
    if (isBinary || !Buffer.isBuffer(data)) {
      answer(refusal('not-text', 'Messages are JSON in text messages.'));
      return;
    }
    const parsed = parseClientMessage(data.toString());
    if (parsed.ok) act(parsed.message);
    else answer(parsed.refusal);
  });
  socket.on('close', () => {
    room.exit(visitor);
  });
  // A broken connection also closes: that is where the visitor leaves.
  socket.on('error', () => undefined);

  room.enter(visitor);
}

/** The options for WebSocketServer that bound what a visitor can make the server hold. */
export const VISITOR_LIMITS = Object.freeze({
  maxPayload: LIMITS.message,
  maxBufferedAmount: MOST_UNREAD,
  perMessageDeflate: false,
});

function tooFast(of: 'join' | 'say'): ServerMessage {
  return refusal('too-fast', 'That was too fast: wait a moment, then send it again.', of);
}
