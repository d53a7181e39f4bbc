/** Why the embedded database cannot be had. The message is one line that says what to do about it. */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message.replace(/\s*\n\s*/g, ' ').trim(), options);
    this.name = 'EmbeddedPostgresError';
  }
}

/** The short reason of a file system or process error: its code when it has one. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error) return (error as NodeJS.ErrnoException).code ?? error.message;
  return String(error);
}
