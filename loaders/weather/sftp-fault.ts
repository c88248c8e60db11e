const troubles: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name cannot be resolved',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ECONNRESET: 'the connection broke',
};

/** What went wrong, in words that do not require knowing the library. */
export function explained(error: unknown): string {
  const text = messageOf(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = troubles[code] ?? Object.entries(troubles).find(([name]) => text.includes(name))?.[1];
  if (known !== undefined) return known;
  if (
    /No response from server|connection lost|closed|not connected|unexpected(?:ly)? (?:end|close)|No SFTP connection/i.test(
      text,
    )
  ) {
    return 'the connection broke';
  }
  return text;
}

/** The message of what was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
