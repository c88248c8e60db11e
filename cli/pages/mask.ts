/** The value of a key that holds a token, closed or not: a file that was rejected may end anywhere. */
const tokenValue = /("(?:api_?)?(?:token|key|password|secret)"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]]+)/gi;

/** What looks like a token wherever it is: long, without spaces, letters and digits mixed. */
const tokenLike = /(?=[A-Za-z_+/=-]*\d)(?=[\d_+/=-]*[A-Za-z])[A-Za-z\d_+/=-]{20,}/g;

/**
 * A text of unknown form without what is, or looks like, a token. Rather too much than too little: whoever needs the file as it is
 * has it in Bronze. Pure.
 */
export function maskedTokens(text: string): string {
  return text.replace(tokenValue, '$1"***"').replace(tokenLike, '***');
}
