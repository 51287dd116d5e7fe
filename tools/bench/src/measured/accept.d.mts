/** The head that accepts a request of which only the text is known. */
export function acceptingHeadFor(request: string): string;
