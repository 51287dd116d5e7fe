// `subprotocol`: reads Sec-WebSocket-Protocol, under the name that `ws` uses.
export { parseSubprotocols as parse } from '@framewire/handshake';
