// The reason phrases of HTTP status codes, as in the IANA registry and in `http.STATUS_CODES`.

const REASONS: readonly (readonly [firstStatus: number, ...reasons: string[]])[] = [
  [100, 'Continue', 'Switching Protocols', 'Processing', 'Early Hints'],
  [200, 'OK', 'Created', 'Accepted', 'Non-Authoritative Information', 'No Content', 'Reset Content'],
  [206, 'Partial Content', 'Multi-Status', 'Already Reported'],
  [226, 'IM Used'],
  [300, 'Multiple Choices', 'Moved Permanently', 'Found', 'See Other', 'Not Modified', 'Use Proxy'],
  [307, 'Temporary Redirect', 'Permanent Redirect'],
  [400, 'Bad Request', 'Unauthorized', 'Payment Required', 'Forbidden', 'Not Found', 'Method Not Allowed'],
  [406, 'Not Acceptable', 'Proxy Authentication Required', 'Request Timeout', 'Conflict', 'Gone'],
  [411, 'Length Required', 'Precondition Failed', 'Payload Too Large', 'URI Too Long'],
  [415, 'Unsupported Media Type', 'Range Not Satisfiable', 'Expectation Failed', "I'm a Teapot"],
  [421, 'Misdirected Request', 'Unprocessable Entity', 'Locked', 'Failed Dependency', 'Too Early'],
  [426, 'Upgrade Required'],
  [428, 'Precondition Required', 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [451, 'Unavailable For Legal Reasons'],
  [500, 'Internal Server Error', 'Not Implemented', 'Bad Gateway', 'Service Unavailable', 'Gateway Timeout'],
  [505, 'HTTP Version Not Supported', 'Variant Also Negotiates', 'Insufficient Storage', 'Loop Detected'],
  [509, 'Bandwidth Limit Exceeded', 'Not Extended', 'Network Authentication Required'],
];

const PHRASES: ReadonlyMap<number, string> = new Map(
  REASONS.flatMap(([first, ...reasons]) => reasons.map((reason, i) => [first + i, reason] as const)),
);

/** Returns the reason phrase of a status, or `Unknown` for an unregistered one. */
export function reasonPhrase(status: number): string {
  return PHRASES.get(status) ?? 'Unknown';
}
