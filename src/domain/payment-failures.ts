import type { Failure } from './payment.ts';
import type { Refused } from './wallet-answer.ts';

/** Our own stable failure codes, by who can do something about the wallet's refusal. */
export function failureOfRefusal(refused: Refused): Failure {
  const spoken = { walletCode: refused.code, message: refused.message };
  switch (refused.remedy) {
    case 'payer':
      return {
        ...spoken,
        code: 'payment_declined',
        advice: 'Ask the payer for a fresh payment code or another way to pay, then start a new attempt.',
      };
    case 'merchant':
      return {
        ...spoken,
        code: 'payment_rejected',
        advice: 'Correct what the message names, then start a new attempt.',
      };
    case 'operator':
      return {
        ...spoken,
        code: 'wallet_configuration',
        advice: 'The acquirer must act: show it this code. Repeating the payment will not help.',
      };
    default:
      return refused.remedy satisfies never;
  }
}

export function failureAtWallet(code: string, message: string): Failure {
  return {
    code: 'payment_declined',
    walletCode: code,
    message,
    advice: 'Nothing was charged. Start a new attempt.',
  };
}

export const closedAtWallet: Failure = {
  code: 'payment_closed',
  walletCode: null,
  message: 'The wallet closed the payment before it was paid.',
  advice: 'Nothing was charged. Start a new attempt.',
};

export const notSent: Failure = {
  code: 'wallet_unreachable',
  walletCode: null,
  message: 'The payment could not be sent to the wallet.',
  advice: 'Nothing was charged. Start a new attempt.',
};

export const notConfirmedInTime: Failure = {
  code: 'not_confirmed_in_time',
  walletCode: null,
  message: 'The wallet did not confirm the payment in time, so it is cancelled.',
  advice: 'Start a new attempt and ask the payer to confirm quickly.',
};

export const notPaidInTime: Failure = {
  code: 'not_paid_in_time',
  walletCode: null,
  message: 'Nobody had paid when the payment closed.',
  advice: 'Start a new attempt if the payer still wants to pay.',
};

export const cancelledAtWallet: Failure = {
  code: 'cancelled_at_wallet',
  walletCode: null,
  message: 'The payment was cancelled at the wallet.',
  advice: 'Nothing was kept of the payer’s money. Start a new attempt.',
};

export const notDelivered: Failure = {
  code: 'wallet_page_missing',
  walletCode: null,
  message:
    'The wallet’s page did not come in time, so the payer could not be led there and the payment is cancelled.',
  advice: 'The payer may begin anew at once.',
};
