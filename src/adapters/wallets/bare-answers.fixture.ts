import type { Received } from '../../domain/wallet-answer.ts';
import type { WalletGateway } from '../../ports/wallet.ts';

/** The same wallet for tests that compare what an answer was understood as: without the bytes that it came as. */
export function withBareAnswers<Gateway extends WalletGateway>(gateway: Gateway): Gateway {
  return {
    ...gateway,
    pay: async (...call) => bare(await gateway.pay(...call)),
    inquire: async (...call) => bare(await gateway.inquire(...call)),
    cancel: async (...call) => bare(await gateway.cancel(...call)),
    refund: async (...call) => bare(await gateway.refund(...call)),
    inquireRefund: async (...call) => bare(await gateway.inquireRefund(...call)),
  };
}

/** Every understood answer has its bytes. */
function bare<Answer extends { readonly kind: string }>(answer: Received<Answer>): Answer {
  if (answer.kind === 'no_answer') return answer;
  const { raw, ...understood } = answer;
  if (raw === undefined || raw.length === 0) throw new Error(`${answer.kind} came without its bytes`);
  return understood as unknown as Answer;
}
