import type { Received } from '../../domain/wallet-answer.ts';

/** What an answer was understood as, with the bytes that it came as: people may have to read them. RES-19. */
export function received<Answer>(
  understood: Answer,
  { raw }: { readonly raw: Uint8Array },
): Received<Answer> {
  return { ...understood, raw };
}
