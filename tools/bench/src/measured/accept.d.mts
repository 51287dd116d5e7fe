/** The head that accepts a request, given its text. */
export function acceptingHeadFor(request: string): string;
