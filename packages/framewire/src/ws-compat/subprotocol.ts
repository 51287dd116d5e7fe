// `subprotocol`: the header Sec-WebSocket-Protocol by the name that `ws` gives its reader.
export { parseSubprotocols as parse } from '@framewire/handshake';
